package org.jnvmet.app;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.app.control.ControlServer;
import org.jnvmet.app.control.ExplainRequest;
import org.jnvmet.app.p2p.ExplanationReport;
import org.jnvmet.conf.AbsentDevice;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.conf.SavedJson;
import org.jnvmet.conf.StateJournal;
import org.jnvmet.conf.Transaction;
import org.jnvmet.conf.TreeListing;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.transport.rdma.RdmaSettings;
import org.jnvmet.verbs.linux.LinuxVerbs;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running target with all that belongs to it: state file, control socket and mount. */
final class Server implements AutoCloseable, ControlServer.Commands {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** After this the end is not orderly any more, but it comes. */
    private static final long END_SECONDS = 10;

    private final Assembly assembly;
    private final Transaction transaction;

    /** What to close, the latest first. */
    private final Deque<Closing> closings = new ArrayDeque<>();

    private @Nullable StateJournal journal;

    /**
     * How to run.
     *
     * @param config file to begin with; null: the embedded configuration
     * @param mount where to mount the tree; null: nowhere
     * @param state journal; null: nothing is kept
     * @param threads event loops
     * @param rdma what RDMA hosts may take
     * @param control where the control socket is
     * @param staging which peer memory there is
     */
    record Settings(
            @Nullable Path config,
            @Nullable Path mount,
            @Nullable Path state,
            int threads,
            RdmaOptions rdma,
            ControlOption control,
            StagingOptions staging) {
        /** With what peer memory this machine has. */
        Settings(
                @Nullable Path config,
                @Nullable Path mount,
                @Nullable Path state,
                int threads,
                ControlOption control) {
            this(config, mount, state, threads, new RdmaOptions(), control, new StagingOptions());
        }
    }

    /** A thing that ends with the server. */
    private record Closing(String name, AutoCloseable thing) {}

    private Server(Assembly assembly) {
        this.assembly = assembly;
        this.transaction = assembly.transaction();
        closeLater("target", assembly);
    }

    /** Starts everything, or nothing and says why in one line. */
    static Server start(Settings settings) {
        RdmaSettings rdma = settings.rdma().settings(settings.threads());
        return start(
                settings,
                new Assembly(
                        settings.threads(), rdma, LinuxVerbs::open, settings.staging().open()));
    }

    /** As {@link #start(Settings)}, of a target that is made already. */
    static Server start(Settings settings, Assembly assembly) {
        Server server = new Server(assembly);
        boolean started = false;
        try {
            // Hosts of a former run come back while ports are opened one after the other.
            server.assembly.target().restoring(true);
            server.configure(settings);
            server.assembly.target().restoring(false);
            server.listenForCommands(settings.control());
            if (settings.mount() != null) {
                server.closeLater("mount", server.assembly.mount(settings.mount()));
            }
            started = true;
            return server;
        } finally {
            if (!started) {
                server.close();
            }
        }
    }

    private void configure(Settings settings) {
        if (settings.state() == null) {
            List<AbsentDevice> _ = begin(settings.config());
            return;
        }
        StateJournal opened = open(settings.state());
        journal = opened;
        closeLater("state", opened);
        if (opened.isNew()) {
            opened.follow(assembly.tree());
            List<AbsentDevice> _ = opened.together(() -> begin(settings.config()));
            return;
        }
        if (settings.config() != null) {
            LOG.warn("{} has a state, so {} is not read", settings.state(), settings.config());
        }
        // What a device is missing for today is no reason not to serve the rest: see docs/rdma.md.
        int refusals = opened.replay(assembly.tree());
        opened.follow(assembly.tree());
        LOG.info("state {} is brought back, {} refusals", settings.state(), refusals);
    }

    private static StateJournal open(Path state) {
        try {
            return StateJournal.open(state);
        } catch (IOException failure) {
            throw CommandFailure.of(state.toString(), failure);
        }
    }

    private List<AbsentDevice> begin(@Nullable Path config) {
        String json = config == null ? DefaultConfig.json() : ConfigFile.read(config);
        try {
            return transaction.restore(json, assembly.tree());
        } catch (ConfigFileException wrong) {
            throw new CommandFailure(
                    (config == null ? "the default configuration" : config)
                            + ": "
                            + wrong.getMessage());
        }
    }

    private void listenForCommands(ControlOption control) {
        try {
            closeLater("control socket", ControlServer.listen(control.path(), this));
        } catch (IOException failure) {
            CommandFailure why = CommandFailure.of("control socket " + control.path(), failure);
            if (control.isExplicit()) {
                throw why;
            }
            LOG.warn("{}; 'jnvmet config' cannot reach this server", why.getMessage());
        }
    }

    private void closeLater(String name, AutoCloseable thing) {
        closings.push(new Closing(name, thing));
    }

    /** What to type on a host. */
    List<String> connectLines() {
        return ConnectLines.of(assembly.target());
    }

    @Override
    public synchronized String restore(String json) {
        List<AbsentDevice> absent =
                journal == null
                        ? transaction.restore(json, assembly.tree())
                        : journal.together(() -> transaction.restore(json, assembly.tree()));
        LOG.info("the configuration was restored from a file");
        return ConfigFile.remarks(absent);
    }

    @Override
    public String save() {
        return SavedJson.of(assembly.tree());
    }

    @Override
    public String list() {
        return TreeListing.of(assembly.tree());
    }

    @Override
    public String explain(ExplainRequest question) {
        Target target = assembly.target();
        Port port =
                target.ports().stream()
                        .filter(each -> each.id() == question.port())
                        .findFirst()
                        .orElseThrow(
                                () -> new CommandFailure("there is no port " + question.port()));
        Subsystem subsystem =
                target.subsystems().stream()
                        .filter(each -> each.nqn().equals(question.subsystem()))
                        .findFirst()
                        .orElseThrow(() ->
                                new CommandFailure(
                                        "there is no subsystem " + question.subsystem()));
        String sysfs = question.sysfs();
        PeerStaging staging = assembly.staging();
        ExplanationReport report =
                new ExplanationReport(
                        sysfs == null
                                ? staging.explain(port, subsystem)
                                : staging.explain(port, subsystem, PciTree.read(Path.of(sysfs))));
        return question.json() ? report.json() : report.text();
    }

    /** No more changes, then no more hosts, then the media; at most ten seconds. */
    @Override
    public void close() {
        Thread end =
                Thread.ofPlatform()
                        .name("end")
                        .daemon()
                        .start(() ->
                                closings.forEach(closing -> {
                                    try {
                                        closing.thing().close();
                                    } catch (Exception failure) {
                                        LOG.error("closing the {} failed", closing.name(), failure);
                                    }
                                }));
        try {
            if (!end.join(Duration.ofSeconds(END_SECONDS))) {
                LOG.error("the end takes more than {} s, so it is not orderly", END_SECONDS);
                Runtime.getRuntime().halt(1);
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }
}
