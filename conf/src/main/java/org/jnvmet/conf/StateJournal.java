package org.jnvmet.conf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.Change;
import org.jnvmet.configfs.tree.ChangeListener;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a tree's state in a file, through restarts and crashes: a change is on the medium before the operation that
 * made it returns. Changes that come together share one write and one flush.
 *
 * <p>The journal knows the state that it has recorded. It is what people asked for, not what came of it: what a
 * replay could not bring back (a device that is missing today) stays recorded and is tried again at the next start.
 */
public final class StateJournal implements ChangeListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StateJournal.class);

    /** A smaller file is never rewritten. */
    private static final long MIN_REWRITE_BYTES = 1 << 20;

    /** A file is rewritten when it has become this many times as large as the last rewrite left it. */
    private static final int GROWTH = 4;

    private final StateFile file;
    private final boolean isNew;

    /** Held while the file is written, so for as long as a flush takes; never taken with the tree's lock held. */
    private final ReentrantLock writing = new ReentrantLock();

    /** What the file holds; under {@link #writing}. */
    private final TreeImage recorded = new TreeImage();

    /** What the tree showed when it was last looked at, to see what else a change has changed; same lock. */
    private TreeImage seen = new TreeImage();

    private long rewrittenBytes;
    private boolean mustRewrite;
    private @Nullable ConfigTree tree;

    /** Taken down, not yet written. Its own monitor is a short lock that may be taken under the tree's. */
    private final List<Change> pending = new ArrayList<>();

    /** Whose changes wait for the end of {@link #together}. */
    private volatile @Nullable Thread holder;

    private StateJournal(StateFile file, StateFile.Contents contents) {
        this.file = file;
        this.isNew = contents.changes().isEmpty() && !file.isDamaged();
        contents.changes().forEach(recorded::follow);
        mustRewrite = file.isDamaged();
        rewrittenBytes = file.size();
    }

    /** Opens or creates the file and reads it; what is damaged in it is logged and kept aside. */
    public static StateJournal open(Path path) throws IOException {
        StateFile file = StateFile.open(path);
        try {
            StateFile.Contents contents = file.read();
            contents.problems().forEach(problem -> LOG.warn("state {}: {}", path, problem));
            return new StateJournal(file, contents);
        } catch (IOException failure) {
            file.close();
            throw failure;
        }
    }

    /** Whether nothing was ever recorded. A state from which everything was removed is a state. */
    public boolean isNew() {
        return isNew;
    }

    /** What the file holds; a copy. */
    TreeImage recorded() {
        writing.lock();
        try {
            TreeImage copy = new TreeImage();
            copy.become(recorded);
            return copy;
        } finally {
            writing.unlock();
        }
    }

    /**
     * Brings the recorded state into a fresh tree. What is refused is logged and stays recorded. A namespace whose peer
     * memory is away is served from system memory meanwhile; a port that insists on such memory exports nothing.
     *
     * @return number of refusals
     */
    public int replay(ConfigTree fresh) {
        Refused refused = new Refused();
        Alignment.replay(fresh, refused).create(recorded);
        return refused.count;
    }

    /** Tells what could not be brought back. */
    private final class Refused implements Alignment.Refusals {
        private int count;

        @Override
        public void refused(String path, ConfigException why) {
            count++;
            LOG.error(
                    "state {}: {} was not brought back and stays recorded: {}",
                    file.path(),
                    path,
                    why.getMessage());
        }

        @Override
        public void absent(String path, String target, ConfigException why) {
            count++;
            LOG.warn(
                    "state {}: {} stays recorded, and its port does not listen: {}",
                    file.path(),
                    path,
                    why.getMessage());
        }
    }

    /** Records every change of {@code tree} from now on. */
    public void follow(ConfigTree tree) {
        this.tree = tree;
        seen = TreeImage.of(tree);
        tree.listener(this);
    }

    @Override
    public Durable changed(Change change) {
        synchronized (pending) {
            pending.add(change);
        }
        return this::awaitDurable;
    }

    private void awaitDurable() {
        if (Thread.currentThread().equals(holder)) {
            return;
        }
        writing.lock();
        try {
            record(takePending());
        } catch (IOException failure) {
            mustRewrite = true;
            throw new ConfigException(
                    Errno.EIO,
                    "the change is in effect but would be lost at a restart: "
                            + file.path()
                            + ": "
                            + reason(failure));
        } finally {
            writing.unlock();
        }
    }

    private List<Change> takePending() {
        synchronized (pending) {
            List<Change> taken = List.copyOf(pending);
            pending.clear();
            return taken;
        }
    }

    private void record(List<Change> taken) throws IOException {
        if (taken.isEmpty() && !mustRewrite) {
            return;
        }
        List<Change> all = new ArrayList<>(taken);
        all.addAll(consequences(taken));
        all.forEach(recorded::follow);
        if (mustRewrite || file.size() > Math.max(MIN_REWRITE_BYTES, GROWTH * rewrittenBytes)) {
            rewrite();
        } else {
            file.append(all);
        }
    }

    private void rewrite() throws IOException {
        file.rewrite(recorded.changes());
        rewrittenBytes = file.size();
        mustRewrite = false;
    }

    /**
     * Settings that changed with what was changed (a new type of address resets its security), and those that a new
     * directory begins with (its UUID).
     */
    private List<Change> consequences(List<Change> taken) {
        Set<String> touched = new LinkedHashSet<>();
        for (Change change : taken) {
            seen.follow(change);
            switch (change) {
                case Change.Mkdir mkdir -> touched.add(mkdir.path());
                case Change.Write write -> touched.add(TreeImage.parent(write.path()));
                case Change.Symlink link ->
                        touched.add(TreeImage.parent(TreeImage.parent(link.path())));
                case Change.Unlink link ->
                        touched.add(TreeImage.parent(TreeImage.parent(link.path())));
                case Change.Rmdir _ -> {}
            }
        }
        List<Change> consequences = new ArrayList<>();
        for (String path : touched) {
            Map<String, String> before = new HashMap<>(seen.settings(path));
            settings(path)
                    .forEach((name, value) -> {
                        if (!value.equals(before.get(name))) {
                            seen.setting(path, name, value);
                            consequences.add(new Change.Write(TreeImage.below(path, name), value));
                        }
                    });
        }
        return consequences;
    }

    private Map<String, String> settings(String path) {
        Map<String, String> settings = new HashMap<>();
        ConfigTree followed = tree;
        try {
            if (followed != null && followed.lookup(path) instanceof Directory directory) {
                for (Node node : followed.list(directory)) {
                    if (node instanceof Attribute attribute && attribute.isSetting()) {
                        settings.put(attribute.name(), followed.read(attribute));
                    }
                }
            }
        } catch (ConfigException gone) {
            LOG.debug("{} went while it was looked at: {}", path, gone.getMessage());
        }
        return settings;
    }

    /**
     * Runs {@code changes} so that the file has all of them or none, whenever the process dies: afterwards the state
     * of the tree is written as a whole, with what there is no device for today. What an earlier replay could not
     * bring back is given up with that.
     *
     * @return what {@code changes} returned
     */
    public List<AbsentDevice> together(Supplier<List<AbsentDevice>> changes) {
        holder = Thread.currentThread();
        writing.lock();
        try {
            List<AbsentDevice> absent = changes.get();
            ConfigTree followed = tree;
            if (followed != null) {
                takePending();
                seen = TreeImage.of(followed);
                recorded.become(seen);
                absent.forEach(each -> recorded.link(each.link(), each.target()));
            }
            rewrite();
            return absent;
        } catch (IOException failure) {
            mustRewrite = true;
            throw new ConfigException(
                    Errno.EIO,
                    "the configuration is in effect but would be lost at a restart: "
                            + file.path()
                            + ": "
                            + reason(failure));
        } finally {
            holder = null;
            writing.unlock();
        }
    }

    private static String reason(IOException failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    /** Gives the file free; changes are not recorded any more. */
    @Override
    public void close() throws IOException {
        ConfigTree followed = tree;
        if (followed != null) {
            followed.listener(ChangeListener.NONE);
        }
        writing.lock();
        try {
            record(takePending());
            file.close();
        } finally {
            writing.unlock();
        }
    }
}
