package org.jnvmet.wire.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Golden;
import org.jnvmet.wire.Le;
import org.junit.jupiter.api.Test;

/** Golden bytes of the lists and tables among the Identify structures and log pages. */
class ListsTest {
    private final MemorySegment memory = Golden.memory(new byte[4096]);

    @Test
    void writesNamespaceLists() {
        NamespaceList list = new NamespaceList().wrap(memory, 0);
        list.nsid(0, 1).nsid(1, 0x01020304).nsid(2, NamespaceList.ALL);
        assertThat(Golden.hex(memory, 16))
                .isEqualTo("01000000" + "04030201" + "ffffffff" + "00000000");
        assertThat(list.count()).isEqualTo(3);
        assertThat(list.nsid(2)).isEqualTo(NamespaceList.ALL);
    }

    @Test
    void holdsNoMoreThan1024Namespaces() {
        NamespaceList list = new NamespaceList().wrap(memory, 0);
        memory.fill((byte) 1);
        assertThat(list.count()).isEqualTo(1024);
        list.nsid(1023, 0x0a0b0c0d);
        assertThat(Golden.hex(memory.asSlice(4092), 4)).isEqualTo("0d0c0b0a");
        assertThatThrownBy(() -> list.nsid(1024, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void writesControllerLists() {
        ControllerList list = new ControllerList().wrap(memory, 0);
        list.set(ControllerList.COUNT, 2).controllerId(0, 0x0102).controllerId(1, 0xfffe);
        assertThat(Golden.hex(memory, 8)).isEqualTo("0200" + "0201" + "feff" + "0000");
        assertThat(list.controllerId(1)).isEqualTo(0xfffe);
        list.controllerId(2046, 7);
        assertThat(Golden.hex(memory.asSlice(4094), 2)).isEqualTo("0700");
        assertThatThrownBy(() -> list.controllerId(2047, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void writesCommandSetCombinations() {
        CommandSets sets = new CommandSets().wrap(memory, 0);
        sets.set(CommandSets.COMBINATION0, CommandSets.NVM)
                .set(CommandSets.COMBINATION0.element(1, 8), 0x0102030405060708L);
        assertThat(Golden.hex(memory, 16)).isEqualTo("0100000000000000" + "0807060504030201");
    }

    @Test
    void writesNamespaceDescriptors() {
        NamespaceDescriptors list = new NamespaceDescriptors().wrap(memory, 0);
        list.add(NamespaceDescriptors.EUI64, Golden.hex("0102030405060708"))
                .add(NamespaceDescriptors.NGUID, Golden.hex("101112131415161718191a1b1c1d1e1f"))
                .add(NamespaceDescriptors.UUID, Golden.hex("202122232425262728292a2b2c2d2e2f"))
                .add(NamespaceDescriptors.CSI, new byte[] {0});
        assertThat(Golden.hex(memory, 60))
                .isEqualTo(
                        "01080000"
                                + "0102030405060708"
                                + "02100000"
                                + "101112131415161718191a1b1c1d1e1f"
                                + "03100000"
                                + "202122232425262728292a2b2c2d2e2f"
                                + "04010000"
                                + "00"
                                + "000000");
    }

    @Test
    void walksNamespaceDescriptorsUntilALengthOfZero() {
        byte[] bytes = Golden.hex("04010000" + "07" + "01080000" + "0102030405060708");
        MemorySegment.copy(bytes, 0, memory, Le.U8, 0, bytes.length);
        NamespaceDescriptors list = new NamespaceDescriptors().wrap(memory, 0);
        assertThat(list.next()).isTrue();
        assertThat(list.type()).isEqualTo(NamespaceDescriptors.CSI);
        assertThat(list.identifier()).containsExactly(7);
        assertThat(list.next()).isTrue();
        assertThat(list.type()).isEqualTo(NamespaceDescriptors.EUI64);
        assertThat(list.identifier()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(list.next()).isFalse();
    }

    @Test
    void neverWalksBeyondTheDescriptorList() {
        memory.fill((byte) 0xff);
        NamespaceDescriptors list = new NamespaceDescriptors().wrap(memory, 0);
        int descriptors = 0;
        while (list.next()) {
            assertThat(list.identifier()).hasSize(255);
            descriptors++;
        }
        assertThat(descriptors).isEqualTo(15);
    }

    @Test
    void refusesDescriptorsBeyondTheList() {
        NamespaceDescriptors list = new NamespaceDescriptors().wrap(memory, 0);
        for (int i = 0; i < 15; i++) {
            list.add(9, new byte[255]);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> list.add(9, new byte[255]));
    }

    @Test
    void writesCommandEffectsByOpcode() {
        EffectsLog log = new EffectsLog().wrap(memory, 0);
        log.admin(0x06, EffectsLog.SUPPORTED)
                .io(0x01, EffectsLog.SUPPORTED | EffectsLog.CHANGES_BLOCKS)
                .io(0xff, 0x80000000);
        assertThat(Golden.hex(memory.asSlice(0x18), 4)).isEqualTo("01000000");
        assertThat(Golden.hex(memory.asSlice(1024 + 4), 4)).isEqualTo("03000000");
        assertThat(Golden.hex(memory.asSlice(2044), 4)).isEqualTo("00000080");
        assertThat(log.admin(0x06)).isEqualTo(1);
        assertThat(log.admin(0x07)).isZero();
        assertThat(log.io(0x01)).isEqualTo(3);
    }

    @Test
    void writesSupportedPagesById() {
        SupportedPages log = new SupportedPages().wrap(memory, 0);
        log.page(LogPage.ANA, SupportedPages.SUPPORTED | 0x00010000).page(0xff, 1);
        assertThat(Golden.hex(memory.asSlice(0x30), 4)).isEqualTo("01000100");
        assertThat(Golden.hex(memory.asSlice(0x3fc), 4)).isEqualTo("01000000");
        assertThat(log.page(LogPage.ANA)).isEqualTo(0x00010001);
    }

    @Test
    void findsTheFormatThatANamespaceUses() {
        IdentifyNamespace namespace = new IdentifyNamespace().wrap(memory, 0);
        memory.set(Le.U8, 26, (byte) 0x32); // bits 6:5 01b, bit 4 metadata place, bits 3:0 0010b
        memory.set(Le.U16, 128 + 18 * 4, (short) 8);
        memory.set(Le.U8, 128 + 18 * 4 + 2, (byte) 12);
        assertThat(namespace.formatIndex()).isEqualTo(18);
        assertThat(namespace.blockBytes()).isEqualTo(4096);
        assertThat(namespace.metadataBytes()).isEqualTo(8);
        memory.set(Le.U8, 128 + 18 * 4 + 2, (byte) 41);
        assertThat(namespace.blockBytes()).isZero();
    }
}
