import Foundation

/// Rows under heads, for a terminal.
struct TextTable {
    private let rows: [[String]]

    init(_ heads: [String], _ rows: [[String]]) {
        self.rows = [heads] + rows
    }

    /// Columns two spaces apart, each as wide as its widest cell; those that hold only numbers below their head are
    /// aligned to the right.
    var text: String {
        let columns = rows[0].indices.map { column in rows.map { $0[column] } }
        let padded = columns.map { cells in
            let width = cells.map(\.count).max() ?? 0
            let isNumeric = cells.dropFirst().allSatisfy { $0.allSatisfy { $0.isNumber || "-.".contains($0) } }
            return cells.map { cell in
                isNumeric ? String(repeating: " ", count: width - cell.count) + cell : cell.padded(to: width)
            }
        }
        return rows.indices.map { row in
            padded.map { $0[row] }.joined(separator: "  ").replacing(/\ +$/, with: "")
        }.joined(separator: "\n")
    }
}

extension Duration {
    /// In the largest unit of which there is at least one: `48 s`, `12 min`, `5 h`, `3 d`.
    var rounded: String {
        let seconds = Int(self / .seconds(1))
        let unit = [(86_400, "d"), (3600, "h"), (60, "min")].first { seconds >= $0.0 } ?? (1, "s")
        return "\(seconds / unit.0) \(unit.1)"
    }
}

extension Date {
    /// With milliseconds, in UTC: `2026-01-31T09:00:00.125Z`.
    var precise: String { Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(self) }
}
