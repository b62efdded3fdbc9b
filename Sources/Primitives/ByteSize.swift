/// Sizes as people read them.
package enum ByteSize {
    /// `812 B`, `5.8 MB`, `120 MB`: decimal units.
    package static func text(_ count: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(max(0, count))
        var unit = 0
        // 999.5 of a unit would be printed as 1000.
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return (unit == 0 ? "\(Int(value))" : threeDigits(value)) + " " + units[unit]
    }

    /// One decimal below 100, none above. `value` is positive and below a million.
    package static func threeDigits(_ value: Double) -> String {
        if value >= 99.95 { return "\(Int(value.rounded()))" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// Numbers of things as people read them.
package enum Counted {
    /// `1 file`, `2 files`.
    package static func text(_ number: Int, _ noun: String) -> String { text(number, noun, noun + "s") }

    /// `1 entry`, `2 entries`.
    package static func text(_ number: Int, _ noun: String, _ plural: String) -> String {
        "\(number) \(number == 1 ? noun : plural)"
    }
}
