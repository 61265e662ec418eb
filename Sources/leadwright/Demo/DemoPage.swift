import Foundation
import JSON

/// The demo's report as one self-contained HTML page.
struct DemoPage {
    let report: DemoReport

    /// The page. Everything in it that came from outside is escaped.
    var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Leadwright demo</title>
        <style>
        :root { --ink: #1c2330; --soft: #667085; --line: #e4e7ec; --paper: #fff; --ground: #f7f8fa; --mark: #2f6f4f;
          --choose: #e8f1fb; --write: #e7f4ec; --default: #fdf1dc; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2b3442;
          --paper: #171c26; --ground: #10141c; --mark: #7fc8a2; --choose: #1c2c40; --write: #1b3327; --default: #3a2f18; } }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
        main { max-width: 960px; margin: 0 auto; padding: 32px 20px 64px; }
        h1 { font-size: 24px; margin: 0 0 4px; } p.lead { color: var(--soft); margin: 0 0 24px; }
        dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 0 0 28px; }
        dl div { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
        dt { color: var(--soft); font-size: 13px; } dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; }
        article { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 16px 20px; margin: 0 0 14px; }
        header { display: flex; gap: 10px; flex-wrap: wrap; color: var(--soft); font-size: 13px; }
        header b { color: var(--ink); } h2 { font-size: 17px; margin: 8px 0; }
        pre { white-space: pre-wrap; font: inherit; margin: 0 0 10px; }
        ul { margin: 0; padding: 0; list-style: none; font-size: 13px; }
        li { border-radius: 5px; padding: 3px 8px; margin: 3px 0; }
        .choose { background: var(--choose); } .write { background: var(--write); } .fallback { background: var(--default); }
        footer { color: var(--soft); font-size: 12px; margin-top: 8px; overflow-wrap: anywhere; }
        </style></head><body><main>
        <h1>Leadwright demo</h1>
        <p class="lead">Every text below was written into its CRM and read back from there. Model: \(escaped(report.model)), on this machine.</p>
        <dl>\(figures)</dl>
        \(report.generations.map(article).joined(separator: "\n"))
        </main></body></html>

        """
    }

    private var figures: String {
        let slots = report.writtenSlots
        let figures: [(String, String)] = [
            ("deliveries", "\(report.deliveries)"), ("events", "\(report.events)"),
            ("came again", "\(report.duplicates)"), ("texts written", "\(report.generations.count)"),
            ("opted out", "\(report.optedOut)"), ("held out", "\(report.heldOut)"),
            ("slots the model wrote", "\(slots.stand) of \(slots.all)"), ("outcomes", "\(report.outcomes)"),
            ("training examples", "\(report.examples)"), ("lost", "\(report.lost)"),
            ("seconds", "\(Int(report.seconds.rounded()))"),
        ]
        return figures.map { "<div><dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd></div>" }.joined()
    }

    private func article(_ generation: DemoReport.Generation) -> String {
        """
        <article><header><b>\(escaped(generation.firstName))</b><span>\(escaped(generation.stage))</span>
        <span>\(escaped(generation.tenant))</span><span>\(escaped(generation.crm))</span><span>\(escaped(generation.kind))</span>
        <span>\(escaped(generation.arm))</span><span>\(generation.milliseconds) ms</span></header>
        <h2>\(escaped(generation.content["subject"] ?? ""))</h2>
        <pre>\(escaped(generation.content["body"] ?? ""))</pre>
        <ul>\(generation.slots.map(slot).joined())</ul>
        <footer>written to \(escaped(generation.target)) · seed \(generation.seed) · generation \(escaped(generation.id))</footer>
        </article>
        """
    }

    private func slot(_ slot: JSONValue) -> String {
        let (name, mode, outcome) = (
            slot["name"]?.string ?? "", slot["mode"]?.string ?? "", slot["outcome"]?.string ?? ""
        )
        let reasons = (slot["reasons"]?.array ?? []).compactMap(\.string)
        let what =
            switch (mode, outcome) {
            case ("choose", _): "chosen by the model"
            case (_, "fallback"): "the tenant's default: \(reasons.joined(separator: "; "))"
            case (_, "rewritten"): "written by the model, after: \(reasons.joined(separator: "; "))"
            default: "written by the model"
            }
        let style = outcome == "fallback" ? outcome : mode
        return
            "<li class=\"\(escaped(style))\"><b>\(escaped(name))</b> · \(escaped(what)) · “\(escaped(slot["text"]?.string ?? ""))”</li>"
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
