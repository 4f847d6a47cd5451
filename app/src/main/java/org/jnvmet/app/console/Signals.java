package org.jnvmet.app.console;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM, SIGINT and SIGHUP: the first asks for an orderly end, the second ends the process at once. A shutdown hook
 * could do the first only, and would give the process the status of a killed one.
 */
public final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);
    private static final List<String> NAMES = List.of("TERM", "INT", "HUP");

    /** Status of a process that a signal ended is this and the number of the signal. */
    private static final int KILLED = 128;

    private final CountDownLatch first = new CountDownLatch(1);

    /** Takes the signals over. */
    public static Signals install() {
        Signals signals = new Signals();
        NAMES.forEach(signals::handle);
        return signals;
    }

    /** Returns after the first signal. */
    public void await() throws InterruptedException {
        first.await();
    }

    // The JDK has no supported API for this. sun.misc.Signal is exported by jdk.unsupported for
    // that reason, but
    // javac warns of every mention in a way that cannot be suppressed, so it is used by name.
    private void handle(String name) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            int number = (int) signalType.getMethod("getNumber").invoke(signal);
            InvocationHandler onSignal =
                    (proxy, method, arguments) ->
                            switch (method.getName()) {
                                case "handle" -> {
                                    onSignal(name, number);
                                    yield null;
                                }
                                case "equals" -> arguments != null && proxy.equals(arguments[0]);
                                case "hashCode" -> System.identityHashCode(this);
                                default -> "handler of SIG" + name;
                            };
            Object handler =
                    Proxy.newProxyInstance(
                            Signals.class.getClassLoader(), new Class<?>[] {handlerType}, onSignal);
            signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
        } catch (ReflectiveOperationException unavailable) {
            LOG.warn(
                    "SIG{} cannot be handled and ends the process at once: {}",
                    name,
                    unavailable.toString());
        }
    }

    private void onSignal(String name, int number) {
        if (first.getCount() > 0) {
            LOG.info("SIG{}: ending in order; once more ends at once", name);
            first.countDown();
        } else {
            Runtime.getRuntime().halt(KILLED + number);
        }
    }
}
