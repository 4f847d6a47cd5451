package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.verbs.ConnectionManager;

/** Events whose order means nothing. */
final class CmEvents {
    private CmEvents() {}

    /** The next events are of that type, one for each of the identifiers, and there are no others. */
    static void expectAll(
            ConnectionManager cm, RdmaEventChannel events, EventType type, RdmaCmId... ids)
            throws IOException {
        List<RdmaCmId> told = new ArrayList<>();
        for (RdmaCmId _ : ids) {
            told.add(Pair.expect(cm, events, type).id());
        }
        assertThat(told).containsExactlyInAnyOrder(ids);
        assertThat(cm.getCmEvent(events, 0)).isNull();
    }
}
