package org.jnvmet.configfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.configfs.tree.TestModel;
import org.junit.jupiter.api.Test;

class NodesTest {
    private final TestModel model = new TestModel();
    private final Nodes nodes = new Nodes(model.tree);

    @Test
    void holdsANodeUntilItIsForgottenAsOftenAsTold() {
        Node motto = model.tree.lookup("motto");
        nodes.told(motto);
        nodes.told(motto);
        nodes.forget(motto.id(), 1);
        assertThat(nodes.node(motto.id())).isSameAs(motto);

        nodes.forget(motto.id(), 1);
        assertThatThrownBy(() -> nodes.node(motto.id())).isInstanceOf(IllegalStateException.class);
        nodes.forget(motto.id(), 1);
        assertThat(nodes.size()).isZero();
    }

    @Test
    void keepsWhatWasRemovedWhileTheKernelKnowsIt() {
        Node box = model.tree.mkdir("boxes/a");
        nodes.told(box);
        model.tree.rmdir("boxes/a");
        assertThat(nodes.node(box.id())).isSameAs(box);
    }

    @Test
    void aHundredThousandLookupsLeaveNothing() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        List<Node> told = new ArrayList<>();
        for (int step = 0; step < 100_000; step++) {
            if (told.isEmpty() || random.nextBoolean()) {
                Node node =
                        random.nextInt(10) == 0
                                ? model.tree.mkdir("boxes/" + step)
                                : model.tree.lookup(random.nextBoolean() ? "motto" : "boxes");
                nodes.told(node);
                told.add(node);
            } else {
                nodes.forget(told.removeLast().id(), 1);
            }
        }
        told.forEach(node -> nodes.forget(node.id(), 1));
        assertThat(nodes.size()).as("seed %d", seed).isZero();
    }
}
