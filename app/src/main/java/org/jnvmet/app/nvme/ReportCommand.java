package org.jnvmet.app.nvme;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import org.jnvmet.host.Host;
import picocli.CommandLine.Option;

/** A command that finds something out. */
abstract class ReportCommand extends NvmeCommand {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

    /** How to show it; the names are nvme-cli's. */
    enum OutputFormat {
        normal,
        json
    }

    @Option(
            names = {"-o", "--output-format"},
            paramLabel = "FORMAT",
            description = "normal, for people, or json, for programs. Default: normal.")
    private OutputFormat format = OutputFormat.normal;

    /** Finds it out. */
    abstract Report report(Host host);

    @Override
    final void run(Host host) {
        Report report = report(host);
        PrintWriter out = out();
        switch (format) {
            case normal -> out.print(report.text());
            case json -> out.println(GSON.toJson(report.json()));
        }
        out.flush();
    }
}
