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
    private static final String VERBS = "org.jnvmet.verbs..";
    private static final String SOFTWARE_VERBS = "org.jnvmet.verbs.software..";
    private static final String TRANSPORTS = "org.jnvmet.transport..";
    private static final String PEER_MEMORY = "org.jnvmet.p2pmem..";
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
                    .layer("verbs")
                    .definedBy(VERBS)
                    .layer("transports")
                    .definedBy(TRANSPORTS)
                    .layer("p2pmem")
                    .definedBy(PEER_MEMORY)
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
                    .whereLayer("verbs")
                    .mayNotAccessAnyLayer()
                    .whereLayer("transports")
                    .mayOnlyAccessLayers("wire", "core", "host", "verbs")
                    .whereLayer("p2pmem")
                    .mayOnlyAccessLayers("wire", "core")
                    .whereLayer("configfs")
                    .mayOnlyAccessLayers("p2pmem", "core")
                    .whereLayer("conf")
                    .mayOnlyAccessLayers("configfs", "core")
                    .whereLayer("host")
                    .mayOnlyAccessLayers("wire", "verbs")
                    .whereLayer("testkit")
                    .mayOnlyAccessLayers("wire", "core", "host", "verbs");

    @ArchTest
    final ArchRule softwareVerbsAreForTests =
            noClasses()
                    .that()
                    .resideOutsideOfPackage(SOFTWARE_VERBS)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(SOFTWARE_VERBS);

    @ArchTest
    final ArchRule providersOfVerbsDoNotKnowEachOther =
            slices().matching("org.jnvmet.verbs.(*)..").should().notDependOnEachOther();

    @ArchTest
    final ArchRule verbsAreSpokenWhereRdmaIs =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            VERBS, "org.jnvmet.transport.rdma..", "org.jnvmet.host.rdma..", TESTKIT)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("com.ibm.disni..");

    /** Its endpoints repeat what was rejected for ever, and its own provider needs a native library. */
    @ArchTest
    final ArchRule onlyDisnisVerbsAreUsed =
            noClasses()
                    .that()
                    .resideInAPackage("org.jnvmet..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("com.ibm.disni", "com.ibm.disni.verbs.impl..");

    @ArchTest
    final ArchRule treeKnowsNeitherModelNorMount =
            noClasses()
                    .that()
                    .resideInAPackage("org.jnvmet.configfs.tree..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "org.jnvmet.configfs.model..",
                            "org.jnvmet.configfs.fuse..",
                            PEER_MEMORY);

    @ArchTest
    final ArchRule mountKnowsOnlyTheTree =
            noClasses()
                    .that()
                    .resideInAPackage("org.jnvmet.configfs.fuse..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("org.jnvmet.configfs.model..", PEER_MEMORY);

    /** What needs no target, no file of a pool and no service: topology and its decisions. */
    @ArchTest
    final ArchRule topologyKnowsNeitherPoolNorService =
            noClasses()
                    .that()
                    .resideInAPackage("org.jnvmet.p2pmem.pci..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            CORE,
                            "org.jnvmet.p2pmem",
                            "org.jnvmet.p2pmem.pool..",
                            "org.jnvmet.p2pmem.emulated..");

    /** But all may know what is common to them, in the package above. */
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
                    .resideOutsideOfPackages(TRANSPORTS, HOST, VERBS)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.netty..");

    /** What the library opens of the JDK stays its own affair. */
    @ArchTest
    final ArchRule chronicleStaysInThePools =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("org.jnvmet.p2pmem.pool..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("net.openhft..");

    @ArchTest
    final ArchRule nativeCallsAreConfined =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            "org.jnvmet.target.posix..",
                            "org.jnvmet.host.linux..",
                            "org.jnvmet.configfs.fuse..",
                            "org.jnvmet.verbs.linux..",
                            "org.jnvmet.verbs.software..")
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
