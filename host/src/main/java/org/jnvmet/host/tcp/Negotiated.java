package org.jnvmet.host.tcp;

/**
 * What ICReq and ICResp agreed on.
 *
 * @param hostAlignment HPDA
 * @param controllerAlignment CPDA
 * @param maxH2cData most data bytes of an H2CData PDU
 */
record Negotiated(
        int hostAlignment,
        int controllerAlignment,
        boolean headerDigest,
        boolean dataDigest,
        int maxH2cData) {

    /** Before ICResp: no digests, nothing aligned, no data. */
    static final Negotiated NOTHING = new Negotiated(0, 0, false, false, 0);
}
