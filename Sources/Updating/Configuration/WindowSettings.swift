import Primitives
import Settings
import UpdatePlan

extension UpdateWindows {
    /// Reads `{days: [mon, tue], from: "02:00", to: "05:00", time_zone: Europe/Brussels}`, or a list of such. Without
    /// `days` it is every day.
    package static func decode(_ node: SettingsNode, zones: TimeZoneFile) throws(SettingsFault) -> UpdateWindows {
        let nodes = node.isList ? try node.list() : [node]
        guard (1...limit).contains(nodes.count) else {
            throw node.fault(found: "\(nodes.count) windows", expected: "1 to \(limit)")
        }
        var windows: [UpdateWindow] = []
        for node in nodes { windows.append(try UpdateWindow.decode(node, zones: zones)) }
        do { return try UpdateWindows(windows) } catch {
            throw node.fault(found: error.found, expected: error.expected)
        }
    }
}

extension UpdateWindow {
    fileprivate static func decode(_ node: SettingsNode, zones: TimeZoneFile) throws(SettingsFault) -> UpdateWindow {
        let table = try SettingsTable(node, known: ["days", "from", "to", "time_zone"])
        let days = try table.optional("days") { try weekdays($0) } ?? Set(Weekday.allCases)
        let from = try table.required("from") { try minutes($0, latest: minutesOfDay - 1) }
        // 24:00 is the midnight at the end.
        let to = try table.required("to") { try minutes($0, latest: minutesOfDay) } % minutesOfDay
        let zone = try rules(table.required("time_zone"), zones)
        do { return try UpdateWindow(days: days, from: from, to: to, zone: zone) } catch {
            throw node.fault(found: error.found, expected: error.expected)
        }
    }

    private static func weekdays(_ node: SettingsNode) throws(SettingsFault) -> Set<Weekday> {
        let names = Weekday.allCases.map(\.name).joined(separator: ", ")
        var days: Set<Weekday> = []
        for element in try node.list() {
            guard let day = Weekday(name: try element.text()) else {
                throw element.invalid(expected: "one of \(names)")
            }
            guard days.insert(day).inserted else { throw element.fault(found: "\(day.name) twice") }
        }
        guard !days.isEmpty else { throw node.fault(found: "no days", expected: "some of \(names)") }
        return days
    }

    /// `HH:MM`, as minutes after midnight.
    private static func minutes(_ node: SettingsNode, latest: Int) throws(SettingsFault) -> Int {
        let text = try node.text()
        let digits = text.utf8.map { Int($0) - Int(UInt8(ascii: "0")) }
        // The colon comes right after 9.
        guard digits.count == 5, digits[2] == 10, (digits[..<2] + digits[3...]).allSatisfy((0...9).contains),
            digits[3] < 6, case let minutes = (digits[0] * 10 + digits[1]) * 60 + digits[3] * 10 + digits[4],
            minutes <= latest
        else {
            let last = latest == minutesOfDay ? "24:00" : "23:59"
            throw node.invalid(expected: "a time of the day, \"00:00\" to \"\(last)\"")
        }
        return minutes
    }

    private static func rules(_ node: SettingsNode, _ zones: TimeZoneFile) throws(SettingsFault) -> TimeZoneRules {
        let name = try node.text()
        do { return try zones.load(name) } catch {
            let known = error as? any ReportableFault
            throw node.fault(
                found: known?.found ?? "\"\(name)\"", expected: known?.expected ?? "a time zone", hint: known?.hint)
        }
    }
}
