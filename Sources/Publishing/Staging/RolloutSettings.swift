import FoundationEssentials
import Primitives
import Releases
import Settings

/// `rollout: {hours: 48}`, or `rollout: {steps: [{hours: 0, percent: 5}, …]}`, perhaps with a `start`.
extension InstallFile {
    /// Of instances, in thousandths: they find what nobody thought of, while most still wait.
    private static let atOnce = 50

    static func rollout(_ node: SettingsNode, _ time: Date) throws -> Rollout {
        let table = try SettingsTable(node, known: ["start", "hours", "steps"])
        let start = try table.optional("start") { try Self.start($0) } ?? time
        let hours = try table.optional("hours") { try $0.integer(in: 1...ReleaseLimits.rolloutHours) }
        let steps = try table.optional("steps") { try Self.steps($0, besideHours: hours != nil) }
        guard let hours else {
            guard let steps else { throw node.fault(expected: "hours: …, or steps: …") }
            return try Rollout(start: start, steps: steps)
        }
        return try Rollout(
            start: start, steps: [.init(hours: 0, perMille: atOnce), .init(hours: hours, perMille: 1000)])
    }

    private static func start(_ node: SettingsNode) throws(SettingsFault) -> Date {
        guard let time = UTCTime.decode(ByteString(try node.text())) else {
            throw node.invalid(expected: "a time YYYY-MM-DDTHH:MM:SSZ")
        }
        return time
    }

    private static func steps(_ node: SettingsNode, besideHours: Bool) throws -> [Rollout.Step] {
        guard !besideHours else { throw node.fault(found: "steps beside hours", expected: "one of them") }
        var steps: [Rollout.Step] = []
        for element in try node.list() {
            let table = try SettingsTable(element, known: ["hours", "percent"])
            let hours = try table.required("hours").integer(in: 0...ReleaseLimits.rolloutHours)
            steps.append(Rollout.Step(hours: hours, perMille: try perMille(table.required("percent"))))
            try check(steps, at: element)
        }
        return steps
    }

    /// So that the fault names the line of the step at fault.
    private static func check(_ steps: [Rollout.Step], at node: SettingsNode) throws(SettingsFault) {
        do { _ = try Rollout(start: Date(timeIntervalSince1970: 0), steps: steps) } catch {
            throw node.fault(found: error.found, expected: error.expected)
        }
    }

    /// `5`, or `0.5`.
    private static func perMille(_ node: SettingsNode) throws(SettingsFault) -> Int {
        let parts = try node.text().split(separator: ".", omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        let tenths = parts.count == 2 && parts[1].utf8.count == 1 ? Int(parts[1]) : parts.count == 1 ? 0 : nil
        guard areDigits, parts[0].utf8.count <= 3, let whole = Int(parts[0]), let tenths,
            whole * 10 + tenths <= 1000
        else { throw node.invalid(expected: "a percentage from 0 to 100, such as 5 or 0.5") }
        return whole * 10 + tenths
    }
}
