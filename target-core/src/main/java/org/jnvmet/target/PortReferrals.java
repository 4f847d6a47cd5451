package org.jnvmet.target;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jnvmet.target.posix.Errno;

/** The referrals of one port, by name in the order of creation. Any thread. */
final class PortReferrals {
    private final Port port;
    private final Map<String, Referral> all = new LinkedHashMap<>();

    PortReferrals(Port port) {
        this.port = port;
    }

    synchronized Referral create(String name) {
        if (all.containsKey(name)) {
            throw new ConfigException(
                    Errno.EEXIST, "referral %s of %s exists already".formatted(name, port));
        }
        Referral referral = new Referral(port, name);
        all.put(name, referral);
        return referral;
    }

    void remove(Referral referral) {
        synchronized (this) {
            if (!all.remove(referral.name(), referral)) {
                throw new ConfigException(Errno.ENOENT, referral + " has been removed");
            }
        }
        referral.retire();
    }

    synchronized Collection<Referral> all() {
        return List.copyOf(all.values());
    }
}
