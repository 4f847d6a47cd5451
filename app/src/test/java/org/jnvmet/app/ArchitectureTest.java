package org.jnvmet.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows of docs/ARCHITECTURE.md, where the compiler cannot hold them: between packages and to libraries. */
@AnalyzeClasses(packages = "org.jnvmet", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String WIRE = "org.jnvmet.wire..";
    private static final String CORE = "org.jnvmet.target..";
    private static final String TRANSPORTS = "org.jnvmet.transport..";
    private static final String CONFIGFS = "org.jnvmet.configfs..";
    private static final String CONF = "org.jnvmet.conf..";
    private static final String HOST = "org.jnvmet.host..";
    private static final String TESTKIT = "org.jnvmet.testkit..";
    private static final String APP = "org.jnvmet.app..";

    @ArchTest
    final ArchRule modulesPointInward =
            layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .withOptionalLayers(true)
                    .layer("wire")
                    .definedBy(WIRE)
                    .layer("core")
                    .definedBy(CORE)
                    .layer("transports")
                    .definedBy(TRANSPORTS)
                    .layer("configfs")
                    .definedBy(CONFIGFS)
                    .layer("conf")
                    .definedBy(CONF)
                    .layer("host")
                    .definedBy(HOST)
                    .layer("testkit")
                    .definedBy(TESTKIT)
                    .layer("app")
                    .definedBy(APP)
                    .whereLayer("wire")
                    .mayNotAccessAnyLayer()
                    .whereLayer("core")
                    .mayOnlyAccessLayers("wire")
                    .whereLayer("transports")
                    .mayOnlyAccessLayers("wire", "core", "host")
                    .whereLayer("configfs")
                    .mayOnlyAccessLayers("core")
                    .whereLayer("conf")
                    .mayOnlyAccessLayers("configfs", "core")
                    .whereLayer("host")
                    .mayOnlyAccessLayers("wire")
                    .whereLayer("testkit")
                    .mayOnlyAccessLayers("wire", "core", "host");

    @ArchTest
    final ArchRule treeKnowsNeitherModelNorMount =
            noClasses()
                    .that()
                    .resideInAPackage("org.jnvmet.configfs.tree..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "org.jnvmet.configfs.model..", "org.jnvmet.configfs.fuse..");

    @ArchTest
    final ArchRule mountKnowsOnlyTheTree =
            noClasses()
                    .that()
                    .resideInAPackage("org.jnvmet.configfs.fuse..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("org.jnvmet.configfs.model..");

    @ArchTest
    final ArchRule transportsDoNotKnowEachOther =
            slices().matching("org.jnvmet.transport.(*)..").should().notDependOnEachOther();

    /** The loop has both sides in one process; no other transport of the target knows a host. */
    @ArchTest
    final ArchRule onlyTheLoopKnowsTheHost =
            noClasses()
                    .that()
                    .resideInAPackage(TRANSPORTS)
                    .and()
                    .resideOutsideOfPackage("org.jnvmet.transport.loop..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(HOST);

    @ArchTest
    final ArchRule packagesOfTheApplicationAreNotTangled =
            slices().matching("org.jnvmet.app.(*)..").should().beFreeOfCycles();

    @ArchTest
    final ArchRule nettyStaysInTransportsAndHost =
            noClasses()
                    .that()
                    .resideOutsideOfPackages("org.jnvmet.transport.tcp..", HOST)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.netty..");

    @ArchTest
    final ArchRule nativeCallsAreConfined =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            "org.jnvmet.target.posix..",
                            "org.jnvmet.host.linux..",
                            "org.jnvmet.configfs.fuse..",
                            "org.jnvmet.transport.tcp..")
                    .should()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("java.lang.foreign.Linker");

    @ArchTest
    final ArchRule wireHasNoThreadsNoInputNoLogging =
            noClasses()
                    .that()
                    .resideInAPackage(WIRE)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "java.io..",
                            "java.net..",
                            "java.nio.channels..",
                            "java.util.concurrent..",
                            "org.slf4j..");
}
