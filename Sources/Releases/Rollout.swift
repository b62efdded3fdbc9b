import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures

/// Which share of all instances may install a release at what time: signed by the channel's keyholders. Each instance
/// compares it with a number that it keeps to itself (`RolloutNumber`), so that nobody chooses who goes first.
///
/// In thousandths, and the same at every instance: integer arithmetic, whole seconds.
package struct Rollout: Hashable, Sendable {
    /// Its name in JSON objects that have one.
    package static let field: ByteString = "rollout"

    /// From `hours` after the start on, at least this share of instances.
    package struct Step: Hashable, Sendable {
        package let hours: Int
        package let perMille: Int

        package init(hours: Int, perMille: Int) {
            self.hours = hours
            self.perMille = perMille
        }

        fileprivate var seconds: Int { hours * 3600 }
    }

    /// In whole seconds.
    package let start: Date
    /// 1 to `ReleaseLimits.rolloutSteps`. Before the first one nobody may install; between two the share rises evenly;
    /// after the last one it stays.
    package let steps: [Step]

    /// - Parameters:
    ///   - start: rounded down to whole seconds.
    ///   - steps: hours ascending within 0 to `ReleaseLimits.rolloutHours`, shares within 0 to 1000 and never descending.
    ///
    /// Throws `ReleaseFault.invalidRollout`.
    package init(start: Date, steps: [Step]) throws(ReleaseFault) {
        let whole = Date(timeIntervalSince1970: start.timeIntervalSince1970.rounded(.down))
        guard !whole.timeIntervalSince1970.isNaN, UTCTime.decode(ByteString(UTCTime.encode(whole))) == whole else {
            throw ReleaseFault(.invalidRollout, expected: "a start in the years 0 to 9999")
        }
        self.start = whole
        self.steps = steps
        guard (1...ReleaseLimits.rolloutSteps).contains(steps.count) else {
            throw ReleaseFault(
                .invalidRollout, found: "\(steps.count) steps", expected: "1 to \(ReleaseLimits.rolloutSteps)")
        }
        try checkSteps()
    }

    private func checkSteps() throws(ReleaseFault) {
        for step in steps {
            guard (0...ReleaseLimits.rolloutHours).contains(step.hours), (0...1000).contains(step.perMille) else {
                throw ReleaseFault(
                    .invalidRollout, found: "\(step.perMille) thousandths after \(step.hours) hours",
                    expected: "0 to 1000 after 0 to \(ReleaseLimits.rolloutHours)")
            }
        }
        for (step, next) in zip(steps, steps.dropFirst())
        where next.hours <= step.hours || next.perMille < step.perMille {
            throw ReleaseFault(
                .invalidRollout,
                found:
                    "\(next.perMille) thousandths after \(next.hours) hours, next to \(step.perMille) after \(step.hours)",
                expected: "more hours, and not less instances")
        }
    }

    // MARK: the curve

    /// The share of instances that may install at this time, rounded down.
    package func perMille(at time: Date) -> Int {
        let elapsed = seconds(from: start, to: time)
        guard let index = steps.lastIndex(where: { $0.seconds <= elapsed }) else { return 0 }
        let step = steps[index]
        guard index + 1 < steps.count else { return step.perMille }
        let next = steps[index + 1]
        // Below 1000 × 366 days in seconds.
        let risen = (next.perMille - step.perMille) * (elapsed - step.seconds)
        return step.perMille + risen / (next.seconds - step.seconds)
    }

    /// When an instance with this number may install: the first second at which `perMille(at:)` is above it. Nil when
    /// the curve ends below it.
    package func opening(for number: RolloutNumber) -> Date? {
        let needed = number.value / 1000 + 1
        guard let index = steps.firstIndex(where: { $0.perMille >= needed }) else { return nil }
        let step = steps[index]
        guard index > 0 else { return start.addingTimeInterval(Double(step.seconds)) }
        let former = steps[index - 1]
        // `former` is below what is needed, so this is a rise. Rounded up: the share is rounded down.
        let rise = step.perMille - former.perMille
        let wait = ((needed - former.perMille) * (step.seconds - former.seconds) + rise - 1) / rise
        return start.addingTimeInterval(Double(former.seconds + wait))
    }

    /// Whole seconds, rounded down; what is out of all bounds becomes the nearest bound.
    private func seconds(from start: Date, to time: Date) -> Int {
        let seconds = time.timeIntervalSince(start).rounded(.down)
        let last = Double(ReleaseLimits.rolloutHours * 3600)
        return seconds.isNaN ? -1 : Int(max(-1, min(last, seconds)))
    }

    // MARK: JSON

    package var json: JSONValue {
        let steps = steps.map { step in
            ["hours": .integer(Int64(step.hours)), "per_mille": .integer(Int64(step.perMille))] as JSONValue
        }
        return ["start": .string(ByteString(UTCTime.encode(start))), "steps": .array(steps)]
    }

    /// Throws `JSONFault` or `ReleaseFault`.
    init(_ reader: JSONReader) throws {
        var steps: [Step] = []
        for element in try reader.field("steps").array() {
            // One too many is enough to be refused.
            guard steps.count <= ReleaseLimits.rolloutSteps else { break }
            steps.append(try Step(element))
        }
        try self.init(start: reader.field("start").time(), steps: steps)
    }
}

extension Rollout.Step {
    fileprivate init(_ reader: JSONReader) throws(JSONFault) {
        self.init(
            hours: try reader.field("hours").integer(in: 0...Int64(ReleaseLimits.rolloutHours)),
            perMille: try reader.field("per_mille").integer(in: 0...1000))
    }
}

/// Where an instance stands in the rollout of one release: the lower, the earlier. Another place for each release, so
/// that not always the same instances go first.
package struct RolloutNumber: Hashable, Sendable {
    package static let count = 1_000_000
    private static let context = "sceau-rollout/1"

    /// From 0 to below `count`, in millionths.
    package let value: Int

    /// - Parameter seed: drawn once by the instance, which tells it nobody; 32 random bytes.
    package init(seed: [UInt8], version: Version) {
        let line = UInt8(ascii: "\n")
        let digest = Digest.sha256(of: Array(Self.context.utf8) + [line] + version.text.bytes + [line] + seed)
        let number = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        value = Int(number % UInt64(Self.count))
    }

    /// For a number that is known; nil when it is out of range.
    init?(_ value: Int) {
        guard (0..<Self.count).contains(value) else { return nil }
        self.value = value
    }
}
