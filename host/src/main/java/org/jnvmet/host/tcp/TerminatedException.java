package org.jnvmet.host.tcp;

import java.util.HexFormat;
import java.util.Optional;
import org.jnvmet.host.HostException;
import org.jnvmet.wire.tcp.FatalError;

/** The controller ended the connection with C2HTermReq. */
public final class TerminatedException extends HostException {
    private static final long serialVersionUID = 1;

    private final int fatalErrorStatus;
    private final int fatalErrorInformation;
    private final transient byte[] offender;

    TerminatedException(String queue, int status, int information, byte[] offender) {
        super(
                "%s: the controller ended the connection: %s (FES %02xh, FEI %xh, header %s)"
                        .formatted(
                                queue,
                                FatalError.of(status)
                                        .map(FatalError::meaningFromController)
                                        .orElse("unknown status"),
                                status,
                                information,
                                HexFormat.of().formatHex(offender)));
        fatalErrorStatus = status;
        fatalErrorInformation = information;
        this.offender = offender.clone();
    }

    /** FES as it came. */
    public int fatalErrorStatus() {
        return fatalErrorStatus;
    }

    /** FES, if the standard knows it. */
    public Optional<FatalError> fatalError() {
        return FatalError.of(fatalErrorStatus);
    }

    /** FEI: the offset of the offending field, for some errors. */
    public int fatalErrorInformation() {
        return fatalErrorInformation;
    }

    /** The controller's copy of the offending header. */
    public byte[] offender() {
        return offender.clone();
    }
}
