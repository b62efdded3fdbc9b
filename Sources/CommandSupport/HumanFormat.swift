import Primitives

/// Sizes and times as people read them.
package enum HumanFormat {
    /// `812 B`, `5.8 MB`, `120 MB`: decimal units.
    package static func bytes(_ count: Int) -> String {
        ByteSize.text(count)
    }

    /// `12 ms`, `1.2 s`, `2 min 5 s`, `3 h 5 min`, `2 d 4 h`.
    package static func duration(_ duration: Duration) -> String {
        let parts = duration.components
        let seconds = max(0, Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 59.95 { return ByteSize.threeDigits(seconds) + " s" }
        guard let whole = Int(exactly: seconds.rounded()) else { return "ages" }
        if whole < 3600 { return pair(whole, 60, "min", 1, "s") }
        if whole < 86400 { return pair(whole, 3600, "h", 60, "min") }
        return pair(whole, 86400, "d", 3600, "h")
    }

    private static func pair(
        _ value: Int, _ large: Int, _ largeName: String, _ small: Int, _ smallName: String
    ) -> String {
        let rest = value % large / small
        return "\(value / large) \(largeName)" + (rest == 0 ? "" : " \(rest) \(smallName)")
    }
}

/// Columns of text, aligned, two spaces apart. Unprintable characters in cells are escaped.
package struct TextTable: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    private let alignments: [Alignment]
    private var rows: [[String]]

    /// `header` names the columns; an empty one leaves the table without a heading.
    package init(header: [String] = [], alignments: [Alignment] = []) {
        self.alignments = alignments
        rows = header.isEmpty ? [] : [header]
    }

    package mutating func append(_ row: [String]) {
        rows.append(row.map { $0.escapingUnprintable() })
    }

    package var lines: [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.indices.map { column in
                let gap = String(repeating: " ", count: widths[column] - row[column].count)
                let isRight = alignments.indices.contains(column) && alignments[column] == .right
                return isRight ? gap + row[column] : row[column] + gap
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
