package org.jnvmet.verbs.linux;

import static org.jnvmet.verbs.linux.NativeFunction.BYTE;
import static org.jnvmet.verbs.linux.NativeFunction.INT;
import static org.jnvmet.verbs.linux.NativeFunction.POINTER;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;

/** The functions of librdmacm that are called here. Each answers -1, or NULL, with errno. */
final class Librdmacm {
    /** What it is called on every distribution. */
    static final String FILE = "librdmacm.so.1";

    final NativeFunction createEventChannel;
    final NativeFunction destroyEventChannel;
    final NativeFunction getDevices;
    final NativeFunction freeDevices;
    final NativeFunction createId;
    final NativeFunction destroyId;
    final NativeFunction setOption;
    final NativeFunction bindAddr;
    final NativeFunction listen;
    final NativeFunction resolveAddr;
    final NativeFunction resolveRoute;
    final NativeFunction createQp;
    final NativeFunction destroyQp;
    final NativeFunction connect;
    final NativeFunction accept;
    final NativeFunction reject;
    final NativeFunction disconnect;
    final NativeFunction getCmEvent;
    final NativeFunction ackCmEvent;

    private final NativeFunction.Finder library;

    Librdmacm(NativeFunction.Finder library) throws IOException {
        this.library = library;
        createEventChannel = function("rdma_create_event_channel", FunctionDescriptor.of(POINTER));
        destroyEventChannel =
                function("rdma_destroy_event_channel", FunctionDescriptor.ofVoid(POINTER));
        getDevices = function("rdma_get_devices", FunctionDescriptor.of(POINTER, POINTER));
        freeDevices = function("rdma_free_devices", FunctionDescriptor.ofVoid(POINTER));
        createId =
                function(
                        "rdma_create_id",
                        FunctionDescriptor.of(INT, POINTER, POINTER, POINTER, INT));
        destroyId = function("rdma_destroy_id", FunctionDescriptor.of(INT, POINTER));
        setOption =
                function(
                        "rdma_set_option",
                        FunctionDescriptor.of(INT, POINTER, INT, INT, POINTER, POINTER));
        bindAddr = function("rdma_bind_addr", FunctionDescriptor.of(INT, POINTER, POINTER));
        listen = function("rdma_listen", FunctionDescriptor.of(INT, POINTER, INT));
        resolveAddr =
                function(
                        "rdma_resolve_addr",
                        FunctionDescriptor.of(INT, POINTER, POINTER, POINTER, INT));
        resolveRoute = function("rdma_resolve_route", FunctionDescriptor.of(INT, POINTER, INT));
        createQp =
                function("rdma_create_qp", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER));
        destroyQp = function("rdma_destroy_qp", FunctionDescriptor.ofVoid(POINTER));
        connect = function("rdma_connect", FunctionDescriptor.of(INT, POINTER, POINTER));
        accept = function("rdma_accept", FunctionDescriptor.of(INT, POINTER, POINTER));
        reject = function("rdma_reject", FunctionDescriptor.of(INT, POINTER, POINTER, BYTE));
        disconnect = function("rdma_disconnect", FunctionDescriptor.of(INT, POINTER));
        getCmEvent = function("rdma_get_cm_event", FunctionDescriptor.of(INT, POINTER, POINTER));
        ackCmEvent = function("rdma_ack_cm_event", FunctionDescriptor.of(INT, POINTER));
    }

    private NativeFunction function(String name, FunctionDescriptor descriptor) throws IOException {
        return new NativeFunction(library.find(name), name, descriptor, -1);
    }
}
