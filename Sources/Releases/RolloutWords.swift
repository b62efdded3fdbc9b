import FoundationEssentials
import Primitives

extension Rollout {
    /// When instances get a release that was made at `made`, for people: lower case, no final stop.
    package func sentence(made: Date) -> String {
        let begin = start == made ? "" : "from \(UTCTime.encode(start)) on "
        if steps.count == 2, let first = steps.first, let last = steps.last, first.hours == 0, last.perMille == 1000,
            first.perMille < 1000
        {
            return "\(begin)instances get it within \(Self.hours(last.hours)), \(Self.share(first.perMille)) at once"
        }
        let parts = steps.map { step in
            "\(Self.share(step.perMille)) \(step.hours == 0 ? "at once" : "after \(Self.hours(step.hours))")"
        }
        return "\(begin)instances get it step by step: \(parts.inWords)"
    }

    /// Whether some instances never get it by themselves.
    package var leavesSomeOut: Bool { (steps.last?.perMille ?? 0) < 1000 }

    private static func hours(_ count: Int) -> String { Counted.text(count, "hour") }

    private static func share(_ perMille: Int) -> String {
        if perMille == 1000 { return "all" }
        return perMille % 10 == 0 ? "\(perMille / 10) %" : "\(perMille / 10).\(perMille % 10) %"
    }
}
