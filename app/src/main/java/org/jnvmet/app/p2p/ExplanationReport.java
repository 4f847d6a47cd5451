package org.jnvmet.app.p2p;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jnvmet.p2pmem.Explanation;
import org.jnvmet.p2pmem.pci.Candidate;
import org.jnvmet.p2pmem.pci.Choice;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciFunction;
import org.jnvmet.p2pmem.pci.PciPath;
import org.jspecify.annotations.Nullable;

/**
 * Decisions about where data is staged, for people and for programs.
 *
 * @param decisions one for each that was made, or would be
 */
public record ExplanationReport(List<Explanation> decisions) {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

    // --- for people ---

    /** Whole lines: for each decision who, which memory by which way, and what follows. */
    public String text() {
        if (decisions.isEmpty()) {
            return "There is nothing to decide: the subsystem has no enabled namespace.%n"
                    .formatted();
        }
        return decisions.stream()
                .map(ExplanationReport::text)
                .collect(Collectors.joining(System.lineSeparator()));
    }

    private static String text(Explanation decision) {
        List<String> lines = new ArrayList<>();
        Choice choice = decision.choice();
        lines.add("%s, %s".formatted(decision.subject(), decision.setting()));
        for (Client client : choice.clients()) {
            lines.add("  client    " + described(client));
        }
        for (Candidate candidate : choice.candidates()) {
            lines.add(
                    "  memory    %s%s: %s"
                            .formatted(
                                    candidate.provider().address(),
                                    candidate.equals(choice.chosen()) ? " (chosen)" : "",
                                    candidate.verdict()));
            candidate.paths().forEach(path -> addPath(lines, path));
        }
        if (choice.candidates().isEmpty()) {
            lines.add("  memory    none");
        }
        lines.add("  verdict   " + choice.verdict());
        lines.add("  outcome   " + decision.outcome());
        return lines.stream()
                .map(line -> line + System.lineSeparator())
                .collect(Collectors.joining());
    }

    private static String described(Client client) {
        PciFunction function = client.function();
        return function == null
                ? "%s, which is none: %s".formatted(client.name(), client.whyNot())
                : "%s at %s".formatted(client.name(), function.address());
    }

    private static void addPath(List<String> lines, PciPath path) {
        lines.add("    to      " + path.client().name());
        lines.add("      way       " + way(path));
        lines.add("      distance  %d, %s".formatted(path.distance(), path.type()));
        lines.add("      ACS       " + redirects(path));
        lines.add("      why       " + path.why());
    }

    /** From the memory up to where the two sides meet, in brackets, and down to the client. */
    private static String way(PciPath path) {
        PciFunction meeting = path.commonAncestor();
        List<PciFunction> down = path.clientSide().reversed();
        if (meeting == null) {
            String up = chain(path.providerSide().stream());
            String hostBridges =
                    Stream.of(
                                    path.providerSide().getLast().hostBridge(),
                                    path.clientSide().getLast().hostBridge())
                            .distinct()
                            .collect(Collectors.joining(" "));
            return "%s > [%s] > %s".formatted(up, hostBridges, chain(down.stream()));
        }
        return chain(
                Stream.concat(path.providerSide().stream(), down.stream()),
                function ->
                        function.equals(meeting)
                                ? "[" + function.address() + "]"
                                : function.address().toString());
    }

    private static String chain(Stream<PciFunction> functions) {
        return chain(functions, function -> function.address().toString());
    }

    private static String chain(
            Stream<PciFunction> functions, Function<PciFunction, String> spelling) {
        return functions.map(spelling).collect(Collectors.joining(" > "));
    }

    private static String redirects(PciPath path) {
        if (path.redirects().isEmpty()) {
            return "redirects nowhere on the way";
        }
        return path.redirects().stream()
                .map(function ->
                        "%s redirects (%s)"
                                .formatted(function.address(), function.acs().redirectBits()))
                .collect(Collectors.joining(", "));
    }

    // --- for programs ---

    /** One object in whole lines. */
    public String json() {
        JsonObject report = new JsonObject();
        report.add("decisions", array(decisions, ExplanationReport::json));
        return GSON.toJson(report) + System.lineSeparator();
    }

    private static JsonObject json(Explanation decision) {
        JsonObject object = new JsonObject();
        object.addProperty("subject", decision.subject());
        object.addProperty("setting", decision.setting());
        object.add("clients", array(decision.choice().clients(), ExplanationReport::json));
        object.add(
                "candidates",
                array(
                        decision.choice().candidates(),
                        candidate -> json(candidate, decision.choice().chosen())));
        object.addProperty("verdict", decision.choice().verdict());
        object.addProperty("outcome", decision.outcome());
        return object;
    }

    private static JsonObject json(Client client) {
        JsonObject object = new JsonObject();
        object.addProperty("name", client.name());
        object.add("function", address(client.function()));
        object.addProperty("why_not", client.whyNot());
        return object;
    }

    private static JsonObject json(Candidate candidate, @Nullable Candidate chosen) {
        JsonObject object = new JsonObject();
        object.add("provider", address(candidate.provider()));
        object.addProperty("usable", candidate.usable());
        object.addProperty("chosen", candidate.equals(chosen));
        object.addProperty("distance", candidate.distance());
        object.addProperty("map_type", candidate.type().name());
        object.addProperty("unregistrable", candidate.unregistrable());
        object.addProperty("verdict", candidate.verdict());
        object.add("paths", array(candidate.paths(), ExplanationReport::json));
        return object;
    }

    private static JsonObject json(PciPath path) {
        JsonObject object = new JsonObject();
        object.addProperty("client", path.client().name());
        object.add("provider_side", array(path.providerSide(), ExplanationReport::address));
        object.add("client_side", array(path.clientSide(), ExplanationReport::address));
        object.add("common_ancestor", address(path.commonAncestor()));
        object.addProperty("distance", path.distance());
        object.addProperty("map_type", path.type().name());
        object.add("redirects", array(path.redirects(), ExplanationReport::redirect));
        object.addProperty("why", path.why());
        return object;
    }

    private static JsonObject redirect(PciFunction function) {
        JsonObject object = new JsonObject();
        object.add("function", address(function));
        object.addProperty("bits", function.acs().redirectBits());
        return object;
    }

    private static JsonElement address(@Nullable PciFunction function) {
        return function == null
                ? JsonNull.INSTANCE
                : new JsonPrimitive(function.address().toString());
    }

    private static <T> JsonArray array(Collection<T> things, Function<T, JsonElement> json) {
        JsonArray array = new JsonArray();
        things.forEach(thing -> array.add(json.apply(thing)));
        return array;
    }
}
