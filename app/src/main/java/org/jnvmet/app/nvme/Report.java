package org.jnvmet.app.nvme;

import com.google.gson.JsonObject;

/** What a command has found out, for people and for programs. Layout and keys are nvme-cli's. */
interface Report {
    /** For people: whole lines. */
    String text();

    /** For programs. */
    JsonObject json();
}
