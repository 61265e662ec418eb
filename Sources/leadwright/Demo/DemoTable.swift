import Foundation

/// The demo's closing table and summary, for a terminal.
struct DemoTable {
    let report: DemoReport

    /// A line a text: lead, stage, CRM, subject, where it stands, milliseconds.
    var text: String {
        let heads = ["lead", "stage", "crm", "subject", "written to", "ms"]
        let rows = report.generations.map { generation in
            [
                generation.firstName, generation.stage, generation.crm, generation.headline, generation.target,
                "\(generation.milliseconds)",
            ].enumerated().map { Self.clipped($1, to: Self.widths[$0]) }
        }
        let lines = ([heads] + rows).map { row in
            row.enumerated().map { index, cell in
                index == 5
                    ? String(repeating: " ", count: max(0, 6 - cell.count)) + cell : cell.padded(to: Self.widths[index])
            }.joined(separator: "  ")
        }
        return lines.joined(separator: "\n")
    }

    /// What happened, in a few lines.
    var summary: String {
        let slots = report.writtenSlots
        let share = slots.all > 0 ? Int((100 * Double(slots.stand) / Double(slots.all)).rounded()) : 0
        let arms = Dictionary(grouping: report.generations, by: \.arm).mapValues(\.count)
        return """
            \(report.deliveries) deliveries carried \(report.events) events; \(report.duplicates) came again and changed nothing
            \(report.generations.count) texts written and read back (\(arms["treatment"] ?? 0) by the model, \(arms["baseline"] ?? 0) from the tenant's template)
            \(report.optedOut) not made because the lead opted out, \(report.heldOut) held out
            in \(slots.stand) of \(slots.all) slots that the model writes (\(share) %) its text passed the checks; elsewhere the tenant's default stands
            \(report.outcomes) outcomes recorded, \(report.examples) training examples
            \(report.lost) lost; \(Int(report.seconds.rounded())) seconds
            """
    }

    private static let widths = [10, 22, 10, 46, 44, 6]

    private static func clipped(_ text: String, to width: Int) -> String {
        let line = text.replacing("\n", with: " ")
        return line.count <= width ? line : "\(line.prefix(width - 1))…"
    }
}
