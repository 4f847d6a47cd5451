package org.jnvmet.conf;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.ConfigException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Makes a tree hold what a file wishes, or leaves it as it is. The file is replayed into a scratch tree of the same
 * model first, so there is one set of rules; then the live tree is changed where it differs. If that fails half-way
 * (an address is taken), the former state is brought back.
 */
public final class Transaction {
    private static final Logger LOG = LoggerFactory.getLogger(Transaction.class);

    /** What the tree invents when a file does not say: it stays as it is where it is there already. */
    private static final Set<String> INVENTED = Set.of("device_uuid", "attr_serial");

    /** Key of the logging context while a scratch tree is at work: it is no news for an operator. */
    private static final String REHEARSAL = "rehearsal";

    private final Supplier<? extends Scratch> scratches;

    /** A tree that nobody is connected to, of the same model and the same rules as the live one. */
    public interface Scratch extends AutoCloseable {
        ConfigTree tree();

        @Override
        void close();
    }

    public Transaction(Supplier<? extends Scratch> scratches) {
        this.scratches = scratches;
    }

    /**
     * Checks a configuration without any effect.
     *
     * @return what this machine has no device for
     */
    public List<AbsentDevice> check(String json) {
        StopAt refusals = new StopAt(SavedJsonReader.read(json));
        TreeImage _ = rehearse(refusals);
        return refusals.absent();
    }

    /**
     * Applies a configuration to {@code live}, or throws {@link ConfigFileException} with nothing changed.
     *
     * @return what is not in effect, as this machine has no device for it
     */
    public List<AbsentDevice> restore(String json, ConfigTree live) {
        SavedConfig saved = SavedJsonReader.read(json);
        TreeImage wish = rehearse(new StopAt(saved));
        TreeImage former = TreeImage.of(live);
        keepInvented(wish, saved.image(), former);
        StopAt refusals = new StopAt(saved);
        try {
            new Alignment(live, refusals).align(wish);
        } catch (RuntimeException failure) {
            LOG.info(
                    "a configuration was refused, the former one is brought back: {}",
                    failure.getMessage());
            new Alignment(
                            live,
                            (path, why) ->
                                    LOG.error(
                                            "{} cannot be brought back: {}",
                                            path,
                                            why.getMessage()))
                    .align(former);
            throw failure;
        }
        refusals.absent()
                .forEach(each -> LOG.warn("{}; {} does not listen", each, port(each.link())));
        return refusals.absent();
    }

    private static String port(String link) {
        return TreeImage.parent(TreeImage.parent(link));
    }

    /** Replays a file into a scratch tree; the result has every value, also those that the file leaves open. */
    private TreeImage rehearse(StopAt refusals) {
        try (var _ = MDC.putCloseable(REHEARSAL, "true");
                Scratch scratch = scratches.get()) {
            new Alignment(scratch.tree(), refusals).create(refusals.saved.image());
            TreeImage image = TreeImage.of(scratch.tree());
            refusals.absent().forEach(each -> image.link(each.link(), each.target()));
            // Taken down here and not by the target, whose threads would tell the log what they do.
            new Alignment(
                            scratch.tree(),
                            (path, why) -> LOG.debug("{}: {}", path, why.getMessage()))
                    .align(new TreeImage());
            return image;
        }
    }

    /** Stops at what is wrong, and goes on where a device is missing. */
    private static final class StopAt implements Alignment.Refusals {
        private final SavedConfig saved;
        private final List<AbsentDevice> absent = new ArrayList<>();

        StopAt(SavedConfig saved) {
            this.saved = saved;
        }

        @Override
        public void refused(String path, ConfigException why) {
            throw new ConfigFileException(saved.key(path), String.valueOf(why.getMessage()));
        }

        @Override
        public void absent(String path, String target, ConfigException why) {
            String sentence = String.valueOf(why.getMessage());
            absent.add(new AbsentDevice(path, target, saved.key(path), sentence));
        }

        List<AbsentDevice> absent() {
            return List.copyOf(absent);
        }
    }

    private static void keepInvented(TreeImage wish, TreeImage said, TreeImage former) {
        wish.directories()
                .forEach((path, settings) -> {
                    for (String name : INVENTED) {
                        if (settings.containsKey(name) && !said.settings(path).containsKey(name)) {
                            String value = former.settings(path).get(name);
                            if (value == null) {
                                settings.remove(name);
                            } else {
                                settings.put(name, value);
                            }
                        }
                    }
                });
    }
}
