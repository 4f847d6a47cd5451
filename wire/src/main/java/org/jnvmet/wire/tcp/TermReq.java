package org.jnvmet.wire.tcp;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Struct;

/**
 * Termination request, H2CTermReq or C2HTermReq (NVMe/TCP Transport, those PDUs), common header
 * included; the header of the offending PDU follows.
 */
public final class TermReq extends Struct<TermReq> {
    /** Bytes before the copy of the offending header: HLEN. */
    public static final int BYTES = 24;

    /** Most bytes of the offending header. */
    public static final int MAX_DATA = 128;

    /** Most bytes of the PDU. */
    public static final int MAX_BYTES = BYTES + MAX_DATA;

    /** Fatal error status; see {@link FatalError}. */
    public static final Field FES = number(8, 2);

    /** Fatal error information; its meaning depends on {@link #FES}. */
    public static final Field FEI = number(10, 4);

    public TermReq() {
        super(BYTES);
    }

    @Override
    protected TermReq self() {
        return this;
    }

    /**
     * Writes a whole termination request into {@code pdu}, which has room for {@link #MAX_BYTES},
     * and returns its length. Of {@code offender} at most {@link #MAX_DATA} bytes are copied.
     *
     * @param type {@link PduHeader#H2C_TERM_REQ} or {@link PduHeader#C2H_TERM_REQ}
     */
    public static int write(
            MemorySegment pdu,
            int type,
            FatalError error,
            int information,
            MemorySegment offender) {
        int copied = (int) Math.min(offender.byteSize(), MAX_DATA);
        int length = BYTES + copied;
        new TermReq()
                .wrap(pdu, 0)
                .clear()
                .set(FES, error.code())
                .set(FEI, Integer.toUnsignedLong(information));
        new PduHeader().wrap(pdu, 0).set(type, 0, BYTES, 0, length);
        MemorySegment.copy(offender, 0, pdu, BYTES, copied);
        return length;
    }
}
