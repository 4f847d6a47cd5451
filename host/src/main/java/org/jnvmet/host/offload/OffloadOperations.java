package org.jnvmet.host.offload;

/** The operations of a registered device. */
record OffloadOperations(
        OffloadDevice.Claim claim,
        OffloadDevice.ControllerOperation setupController,
        OffloadDevice.ControllerOperation releaseController,
        OffloadDevice.QueueOperation createQueue,
        OffloadDevice.QueueOperation drainQueue,
        OffloadDevice.QueueOperation destroyQueue,
        OffloadDevice.Poll pollQueue,
        OffloadDevice.Send sendRequest) {}
