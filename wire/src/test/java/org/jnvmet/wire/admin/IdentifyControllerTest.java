package org.jnvmet.wire.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.wire.admin.IdentifyController.ACL;
import static org.jnvmet.wire.admin.IdentifyController.ACWU;
import static org.jnvmet.wire.admin.IdentifyController.AERL;
import static org.jnvmet.wire.admin.IdentifyController.ANACAP;
import static org.jnvmet.wire.admin.IdentifyController.ANAGRPMAX;
import static org.jnvmet.wire.admin.IdentifyController.ANATT;
import static org.jnvmet.wire.admin.IdentifyController.APSTA;
import static org.jnvmet.wire.admin.IdentifyController.AVSCC;
import static org.jnvmet.wire.admin.IdentifyController.AWUN;
import static org.jnvmet.wire.admin.IdentifyController.AWUPF;
import static org.jnvmet.wire.admin.IdentifyController.BPCAP;
import static org.jnvmet.wire.admin.IdentifyController.CCTEMP;
import static org.jnvmet.wire.admin.IdentifyController.CMIC;
import static org.jnvmet.wire.admin.IdentifyController.CMMRTD;
import static org.jnvmet.wire.admin.IdentifyController.CNTLID;
import static org.jnvmet.wire.admin.IdentifyController.CNTRLTYPE;
import static org.jnvmet.wire.admin.IdentifyController.CQES;
import static org.jnvmet.wire.admin.IdentifyController.CQT;
import static org.jnvmet.wire.admin.IdentifyController.CRCAP;
import static org.jnvmet.wire.admin.IdentifyController.CRDT1;
import static org.jnvmet.wire.admin.IdentifyController.CRDT2;
import static org.jnvmet.wire.admin.IdentifyController.CRDT3;
import static org.jnvmet.wire.admin.IdentifyController.CTRATT;
import static org.jnvmet.wire.admin.IdentifyController.DCTYPE;
import static org.jnvmet.wire.admin.IdentifyController.DID;
import static org.jnvmet.wire.admin.IdentifyController.DSTO;
import static org.jnvmet.wire.admin.IdentifyController.EDSTT;
import static org.jnvmet.wire.admin.IdentifyController.ELPE;
import static org.jnvmet.wire.admin.IdentifyController.ENDGIDMAX;
import static org.jnvmet.wire.admin.IdentifyController.FCATT;
import static org.jnvmet.wire.admin.IdentifyController.FGUID;
import static org.jnvmet.wire.admin.IdentifyController.FNA;
import static org.jnvmet.wire.admin.IdentifyController.FR;
import static org.jnvmet.wire.admin.IdentifyController.FRMW;
import static org.jnvmet.wire.admin.IdentifyController.FUSES;
import static org.jnvmet.wire.admin.IdentifyController.FWUG;
import static org.jnvmet.wire.admin.IdentifyController.HCTMA;
import static org.jnvmet.wire.admin.IdentifyController.HIRT;
import static org.jnvmet.wire.admin.IdentifyController.HMMAXD;
import static org.jnvmet.wire.admin.IdentifyController.HMMIN;
import static org.jnvmet.wire.admin.IdentifyController.HMMINDS;
import static org.jnvmet.wire.admin.IdentifyController.HMPRE;
import static org.jnvmet.wire.admin.IdentifyController.ICDOFF;
import static org.jnvmet.wire.admin.IdentifyController.IEEE;
import static org.jnvmet.wire.admin.IdentifyController.IOCCSZ;
import static org.jnvmet.wire.admin.IdentifyController.IORCSZ;
import static org.jnvmet.wire.admin.IdentifyController.KAS;
import static org.jnvmet.wire.admin.IdentifyController.KPIOC;
import static org.jnvmet.wire.admin.IdentifyController.LPA;
import static org.jnvmet.wire.admin.IdentifyController.MAXCMD;
import static org.jnvmet.wire.admin.IdentifyController.MAXCNA;
import static org.jnvmet.wire.admin.IdentifyController.MAXDNA;
import static org.jnvmet.wire.admin.IdentifyController.MAXMRTG;
import static org.jnvmet.wire.admin.IdentifyController.MCDQPC;
import static org.jnvmet.wire.admin.IdentifyController.MCMR;
import static org.jnvmet.wire.admin.IdentifyController.MCUDMQ;
import static org.jnvmet.wire.admin.IdentifyController.MDTS;
import static org.jnvmet.wire.admin.IdentifyController.MEC;
import static org.jnvmet.wire.admin.IdentifyController.MEGCAP;
import static org.jnvmet.wire.admin.IdentifyController.MINMRTG;
import static org.jnvmet.wire.admin.IdentifyController.MN;
import static org.jnvmet.wire.admin.IdentifyController.MNAN;
import static org.jnvmet.wire.admin.IdentifyController.MNSUDMQ;
import static org.jnvmet.wire.admin.IdentifyController.MNTMT;
import static org.jnvmet.wire.admin.IdentifyController.MPTFAWR;
import static org.jnvmet.wire.admin.IdentifyController.MSDBD;
import static org.jnvmet.wire.admin.IdentifyController.MTFA;
import static org.jnvmet.wire.admin.IdentifyController.MXTMT;
import static org.jnvmet.wire.admin.IdentifyController.NANAGRPID;
import static org.jnvmet.wire.admin.IdentifyController.NMCMR;
import static org.jnvmet.wire.admin.IdentifyController.NMMRTD;
import static org.jnvmet.wire.admin.IdentifyController.NN;
import static org.jnvmet.wire.admin.IdentifyController.NPSS;
import static org.jnvmet.wire.admin.IdentifyController.NSETIDMAX;
import static org.jnvmet.wire.admin.IdentifyController.NSSL;
import static org.jnvmet.wire.admin.IdentifyController.NVMSR;
import static org.jnvmet.wire.admin.IdentifyController.NVSCC;
import static org.jnvmet.wire.admin.IdentifyController.NWPC;
import static org.jnvmet.wire.admin.IdentifyController.OACS;
import static org.jnvmet.wire.admin.IdentifyController.OAES;
import static org.jnvmet.wire.admin.IdentifyController.OAQD;
import static org.jnvmet.wire.admin.IdentifyController.OCFS;
import static org.jnvmet.wire.admin.IdentifyController.OFCS;
import static org.jnvmet.wire.admin.IdentifyController.ONCS;
import static org.jnvmet.wire.admin.IdentifyController.PELS;
import static org.jnvmet.wire.admin.IdentifyController.PLSI;
import static org.jnvmet.wire.admin.IdentifyController.PSD0;
import static org.jnvmet.wire.admin.IdentifyController.RAB;
import static org.jnvmet.wire.admin.IdentifyController.RHIRI;
import static org.jnvmet.wire.admin.IdentifyController.RPMBS;
import static org.jnvmet.wire.admin.IdentifyController.RRLS;
import static org.jnvmet.wire.admin.IdentifyController.RTD3E;
import static org.jnvmet.wire.admin.IdentifyController.RTD3R;
import static org.jnvmet.wire.admin.IdentifyController.SANICAP;
import static org.jnvmet.wire.admin.IdentifyController.SGLS;
import static org.jnvmet.wire.admin.IdentifyController.SN;
import static org.jnvmet.wire.admin.IdentifyController.SQES;
import static org.jnvmet.wire.admin.IdentifyController.SSVID;
import static org.jnvmet.wire.admin.IdentifyController.SUBNQN;
import static org.jnvmet.wire.admin.IdentifyController.TMPTHHA;
import static org.jnvmet.wire.admin.IdentifyController.TNVMCAP;
import static org.jnvmet.wire.admin.IdentifyController.TRATTR;
import static org.jnvmet.wire.admin.IdentifyController.UNVMCAP;
import static org.jnvmet.wire.admin.IdentifyController.VER;
import static org.jnvmet.wire.admin.IdentifyController.VID;
import static org.jnvmet.wire.admin.IdentifyController.VWC;
import static org.jnvmet.wire.admin.IdentifyController.VWCI;
import static org.jnvmet.wire.admin.IdentifyController.WCTEMP;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Golden;
import org.jnvmet.wire.Le;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link IdentifyController}. */
class IdentifyControllerTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 3031 3233 3435 3637 3839 6162
            010: 6364 6566 2020 2020 6a6e 766d 6574 2074
            020: 6573 7420 636f 6e74 726f 6c6c 6572 2020
            030: 2020 2020 2020 2020 2020 2020 2020 2020
            040: 312e 322e 3320 2020 0506 0708 090a 0b0c
            050: 0d0e 0f10 1112 1314 1516 1718 191a 1b1c
            060: 1d1e 1f20 2122 0000 0000 0000 0000 0023
            070: 2425 2627 2829 2a2b 2c2d 2e2f 3031 3233
            080: 3435 3637 3839 0000 0000 0000 0000 0000
            0f0: 0000 0000 0000 0000 0000 0000 003a 3b3c
            100: 3d3e 3f40 4142 4344 4546 4748 494a 4b4c
            110: 4d4e 4f50 5152 5354 5556 5758 595a 5b5c
            120: 0000 0000 0000 0000 5d5e 5f60 6162 6364
            130: 0000 0000 0000 0000 6566 6768 696a 6b6c
            140: 6d6e 6f70 7172 7374 7576 7778 797a 7b7c
            150: 7d7e 7f80 8182 8384 8586 8788 898a 8b8c
            160: 8d8e 8f90 9192 0000 0000 0000 0000 0000
            170: 9394 9596 9798 999a 0000 0000 0000 0000
            180: 0000 9b9c 0000 0000 0000 0000 0000 0000
            200: 9d9e 9fa0 a1a2 a3a4 a5a6 a7a8 a9aa abac
            210: adae afb0 b1b2 b3b4 b5b6 b7b8 b9ba bbbc
            220: bdbe bfc0 c1c2 c3c4 0000 0000 0000 0000
            230: c5c6 c7c8 0000 0000 0000 0000 0000 0000
            300: 6e71 6e2e 3230 3134 2d30 382e 6f72 672e
            310: 6e76 6d65 7870 7265 7373 3a73 7562 0000
            700: c9ca cbcc cdce cfd0 d1d2 d3d4 d5d6 d700
            800: d8d9 dadb dcdd dedf e0e1 e2e3 e4e5 e6e7
            810: e8e9 eaeb eced eeef f0f1 f2f3 f4f5 f6f7
            """;

    private static final Golden GOLDEN =
            Golden.of(IdentifyController.BYTES, BYTES_OF_THE_STANDARD)
                    .with(VID, 0x201)
                    .with(SSVID, 0x403)
                    .with(SN, "0123456789abcdef")
                    .with(MN, "jnvmet test controller")
                    .with(FR, "1.2.3")
                    .with(RAB, 0x5)
                    .with(IEEE, "060708")
                    .with(CMIC, 0x9)
                    .with(MDTS, 0xa)
                    .with(CNTLID, 0xc0b)
                    .with(VER, 0x100f0e0d)
                    .with(RTD3R, 0x14131211)
                    .with(RTD3E, 0x18171615)
                    .with(OAES, 0x1c1b1a19)
                    .with(CTRATT, 0x201f1e1d)
                    .with(RRLS, 0x2221)
                    .with(CNTRLTYPE, 0x23)
                    .with(FGUID, "2425262728292a2b2c2d2e2f30313233")
                    .with(CRDT1, 0x3534)
                    .with(CRDT2, 0x3736)
                    .with(CRDT3, 0x3938)
                    .with(NVMSR, 0x3a)
                    .with(VWCI, 0x3b)
                    .with(MEC, 0x3c)
                    .with(OACS, 0x3e3d)
                    .with(ACL, 0x3f)
                    .with(AERL, 0x40)
                    .with(FRMW, 0x41)
                    .with(LPA, 0x42)
                    .with(ELPE, 0x43)
                    .with(NPSS, 0x44)
                    .with(AVSCC, 0x45)
                    .with(APSTA, 0x46)
                    .with(WCTEMP, 0x4847)
                    .with(CCTEMP, 0x4a49)
                    .with(MTFA, 0x4c4b)
                    .with(HMPRE, 0x504f4e4d)
                    .with(HMMIN, 0x54535251)
                    .with(TNVMCAP, 0x5c5b5a5958575655L)
                    .with(UNVMCAP, 0x64636261605f5e5dL)
                    .with(RPMBS, 0x68676665)
                    .with(EDSTT, 0x6a69)
                    .with(DSTO, 0x6b)
                    .with(FWUG, 0x6c)
                    .with(KAS, 0x6e6d)
                    .with(HCTMA, 0x706f)
                    .with(MNTMT, 0x7271)
                    .with(MXTMT, 0x7473)
                    .with(SANICAP, 0x78777675)
                    .with(HMMINDS, 0x7c7b7a79)
                    .with(HMMAXD, 0x7e7d)
                    .with(NSETIDMAX, 0x807f)
                    .with(ENDGIDMAX, 0x8281)
                    .with(ANATT, 0x83)
                    .with(ANACAP, 0x84)
                    .with(ANAGRPMAX, 0x88878685L)
                    .with(NANAGRPID, 0x8c8b8a89L)
                    .with(PELS, 0x908f8e8dL)
                    .with(DID, 0x9291)
                    .with(MEGCAP, 0x9a99989796959493L)
                    .with(CQT, 0x9c9b)
                    .with(SQES, 0x9d)
                    .with(CQES, 0x9e)
                    .with(MAXCMD, 0xa09f)
                    .with(NN, 0xa4a3a2a1L)
                    .with(ONCS, 0xa6a5)
                    .with(FUSES, 0xa8a7)
                    .with(FNA, 0xa9)
                    .with(VWC, 0xaa)
                    .with(AWUN, 0xacab)
                    .with(AWUPF, 0xaead)
                    .with(NVSCC, 0xaf)
                    .with(NWPC, 0xb0)
                    .with(ACWU, 0xb2b1)
                    .with(OCFS, 0xb4b3)
                    .with(SGLS, 0xb8b7b6b5L)
                    .with(MNAN, 0xbcbbbab9L)
                    .with(MAXDNA, 0xc4c3c2c1c0bfbebdL)
                    .with(MAXCNA, 0xc8c7c6c5L)
                    .with(SUBNQN, "nqn.2014-08.org.nvmexpress:sub")
                    .with(IOCCSZ, 0xcccbcac9L)
                    .with(IORCSZ, 0xd0cfcecdL)
                    .with(ICDOFF, 0xd2d1)
                    .with(FCATT, 0xd3)
                    .with(MSDBD, 0xd4)
                    .with(OFCS, 0xd6d5)
                    .with(DCTYPE, 0xd7)
                    .with(PSD0, "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7");

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        GOLDEN.verify(new IdentifyController());
    }

    @Test
    void putsEachFieldOfNvmExpress2WhereTheStandardPutsIt() {
        String bytes =
                """
                060: 0000 0000 0000 0100 0203 0405 0000 0600
                080: 0000 0000 0000 0700 0000 0000 0000 0000
                160: 0000 0000 0000 0800 090a 0000 0000 0000
                180: 0b00 0000 0000 0000 0000 0000 0000 0000
                230: 0000 0000 0c0d 0e0f 1011 1213 1415 1617
                240: 1800 191a 1b1c 1d1e 1f20 2122 0000 0000
                """;
        Golden.of(IdentifyController.BYTES, bytes)
                .with(BPCAP, 0x1)
                .with(NSSL, 0x5040302)
                .with(PLSI, 0x6)
                .with(CRCAP, 0x7)
                .with(KPIOC, 0x8)
                .with(MPTFAWR, 0xa09)
                .with(TMPTHHA, 0xb)
                .with(OAQD, 0xf0e0d0c)
                .with(RHIRI, 0x10)
                .with(HIRT, 0x11)
                .with(CMMRTD, 0x1312)
                .with(NMMRTD, 0x1514)
                .with(MINMRTG, 0x16)
                .with(MAXMRTG, 0x17)
                .with(TRATTR, 0x18)
                .with(MCUDMQ, 0x1a19)
                .with(MNSUDMQ, 0x1c1b)
                .with(MCMR, 0x1e1d)
                .with(NMCMR, 0x201f)
                .with(MCDQPC, 0x2221)
                .verify(new IdentifyController());
    }

    @Test
    void findsPowerStates() {
        MemorySegment memory = Golden.memory(new byte[IdentifyController.BYTES]);
        memory.set(Le.U16, 2048 + 31 * 32, (short) 7);
        IdentifyController identity = new IdentifyController().wrap(memory, 0);
        assertThat(identity.powerState(31).get(PowerState.MP)).isEqualTo(7);
        assertThatThrownBy(() -> identity.powerState(32))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
