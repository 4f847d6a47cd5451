package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.stream.Stream;
import org.jnvmet.verbs.software.Resources;
import org.jnvmet.verbs.software.SoftwareFabric;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The provider without a kernel does what every provider must; here since its own module may not know testkit. */
class SoftwareVerbsTest {
    @TestFactory
    Stream<DynamicTest> overIpv4() {
        return parts(InetAddress.ofLiteral("192.168.7.1"));
    }

    @TestFactory
    Stream<DynamicTest> overIpv6() {
        return parts(InetAddress.ofLiteral("fd00::7"));
    }

    private static Stream<DynamicTest> parts(InetAddress address) {
        return VerbsExercise.PARTS.entrySet().stream()
                .map(part ->
                        DynamicTest.dynamicTest(
                                part.getKey(), () -> run(part.getValue(), address)));
    }

    private static void run(VerbsExercise.Part part, InetAddress address) throws Exception {
        try (SoftwareFabric fabric = new SoftwareFabric(11).addDevice("soft0", address)) {
            part.run(fabric.provider(), address);
            assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        }
    }
}
