package org.jnvmet.target.command;

import org.jnvmet.target.AnaState;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.jnvmet.wire.admin.IndependentNamespace;

/** What a namespace says of itself (NVM Command Set, Identify Namespace). The request has entered it. */
final class NamespaceIdentity {
    /** NMIC: may be attached to several controllers. */
    private static final int SHARED = 1;

    /** NSFEAT: blocks are given back when they are deallocated. */
    private static final int THIN = 1;

    /** NSFEAT: NPWG, NPWA, NPDG, NPDA and NOWS say something. */
    private static final int OPTIMAL_PERFORMANCE = 1 << 4;

    /** DLFEAT: deallocated blocks read as zeroes. */
    private static final int READS_ZEROES = 1;

    /** DLFEAT: Write Zeroes can deallocate. */
    private static final int WRITE_ZEROES_DEALLOCATES = 1 << 3;

    private static final long MAX_0S_BASED = 0xffff;

    private NamespaceIdentity() {}

    /** CNS 00h. */
    static void write(Request request, Namespace namespace) {
        DataBuffer buffer = request.dataBuffer();
        Backend backend = request.backend();
        Backend.Traits traits = backend.traits();
        int shift = backend.blockShift();
        long blocks = backend.blocks();
        AnaState state = request.queue().port().anaState(namespace.anaGroup());
        boolean accessible = state != AnaState.INACCESSIBLE && state != AnaState.PERSISTENT_LOSS;
        long granularity = zeroBased(traits.physicalBlockBytes(), shift);
        new IdentifyNamespace()
                .wrap(buffer.memory(), buffer.offset())
                .set(IdentifyNamespace.NSZE, blocks)
                .set(IdentifyNamespace.NCAP, blocks)
                .set(IdentifyNamespace.NUSE, accessible ? blocks : 0)
                .set(
                        IdentifyNamespace.NSFEAT,
                        OPTIMAL_PERFORMANCE | (traits.deallocates() ? THIN : 0))
                .set(IdentifyNamespace.NMIC, SHARED)
                .set(IdentifyNamespace.DLFEAT, deallocation(traits))
                .set(IdentifyNamespace.NVMCAP, blocks << shift)
                .set(IdentifyNamespace.NPWG, granularity)
                .set(IdentifyNamespace.NPWA, granularity)
                .set(IdentifyNamespace.NPDG, granularity)
                .set(IdentifyNamespace.NPDA, granularity)
                .set(IdentifyNamespace.NOWS, zeroBased(traits.optimalIoBytes(), shift))
                .set(IdentifyNamespace.MSSRL, CopyLimits.rangeBlocks(shift))
                .set(IdentifyNamespace.MCL, CopyLimits.blocks(shift))
                .set(IdentifyNamespace.MSRC, CopyCommand.MAX_RANGES - 1)
                .set(IdentifyNamespace.ANAGRPID, namespace.anaGroup())
                .uuid(IdentifyNamespace.NGUID, namespace.nguid())
                .set(IdentifyNamespace.LBAF0_LBADS, shift);
    }

    /** CNS 08h. */
    static void writeIndependent(Request request, Namespace namespace) {
        DataBuffer buffer = request.dataBuffer();
        new IndependentNamespace()
                .wrap(buffer.memory(), buffer.offset())
                .set(IndependentNamespace.NMIC, SHARED)
                .set(IndependentNamespace.ANAGRPID, namespace.anaGroup())
                .set(IndependentNamespace.NSTAT, IndependentNamespace.READY);
    }

    private static int deallocation(Backend.Traits traits) {
        if (!traits.readsZeroesAfterDeallocate()) {
            return 0;
        }
        return READS_ZEROES | (traits.deallocates() ? WRITE_ZEROES_DEALLOCATES : 0);
    }

    /** Bytes as a 0's based number of blocks; at least one block. */
    private static long zeroBased(int bytes, int blockShift) {
        return Math.clamp((bytes >> blockShift) - 1L, 0, MAX_0S_BASED);
    }
}
