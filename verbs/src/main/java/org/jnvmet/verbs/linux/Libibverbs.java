package org.jnvmet.verbs.linux;

import static org.jnvmet.verbs.linux.NativeFunction.INT;
import static org.jnvmet.verbs.linux.NativeFunction.POINTER;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;

/**
 * The functions of libibverbs that are called here: those that make something answer NULL with errno,
 * those that destroy answer an errno. What verbs.h has as inline functions is in {@link Operations}.
 */
final class Libibverbs {
    /** What it is called on every distribution. */
    static final String FILE = "libibverbs.so.1";

    final NativeFunction queryDevice;
    final NativeFunction allocPd;
    final NativeFunction deallocPd;
    final NativeFunction regMr;
    final NativeFunction regDmabufMr;
    final NativeFunction deregMr;
    final NativeFunction createCompChannel;
    final NativeFunction destroyCompChannel;
    final NativeFunction createCq;
    final NativeFunction destroyCq;
    final NativeFunction getCqEvent;
    final NativeFunction ackCqEvents;
    final NativeFunction createSrq;
    final NativeFunction destroySrq;
    final NativeFunction getAsyncEvent;
    final NativeFunction ackAsyncEvent;

    private final NativeFunction.Finder library;

    Libibverbs(NativeFunction.Finder library) throws IOException {
        this.library = library;
        queryDevice = function("ibv_query_device", FunctionDescriptor.of(INT, POINTER, POINTER));
        allocPd = function("ibv_alloc_pd", FunctionDescriptor.of(POINTER, POINTER));
        deallocPd = function("ibv_dealloc_pd", FunctionDescriptor.of(INT, POINTER));
        regMr =
                function(
                        "ibv_reg_mr",
                        FunctionDescriptor.of(POINTER, POINTER, POINTER, POINTER, INT));
        regDmabufMr =
                function(
                        "ibv_reg_dmabuf_mr",
                        FunctionDescriptor.of(
                                POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT));
        deregMr = function("ibv_dereg_mr", FunctionDescriptor.of(INT, POINTER));
        createCompChannel =
                function("ibv_create_comp_channel", FunctionDescriptor.of(POINTER, POINTER));
        destroyCompChannel =
                function("ibv_destroy_comp_channel", FunctionDescriptor.of(INT, POINTER));
        createCq =
                function(
                        "ibv_create_cq",
                        FunctionDescriptor.of(POINTER, POINTER, INT, POINTER, POINTER, INT));
        destroyCq = function("ibv_destroy_cq", FunctionDescriptor.of(INT, POINTER));
        getCqEvent =
                function("ibv_get_cq_event", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER));
        ackCqEvents = function("ibv_ack_cq_events", FunctionDescriptor.ofVoid(POINTER, INT));
        createSrq = function("ibv_create_srq", FunctionDescriptor.of(POINTER, POINTER, POINTER));
        destroySrq = function("ibv_destroy_srq", FunctionDescriptor.of(INT, POINTER));
        getAsyncEvent =
                function("ibv_get_async_event", FunctionDescriptor.of(INT, POINTER, POINTER));
        ackAsyncEvent = function("ibv_ack_async_event", FunctionDescriptor.ofVoid(POINTER));
    }

    private NativeFunction function(String name, FunctionDescriptor descriptor) throws IOException {
        return new NativeFunction(library.find(name), name, descriptor, -1);
    }
}
