import UpdatePlan

extension UpdateStep {
    /// Why this step went as it did, on one line for people; empty where all was well.
    ///
    /// - Parameters:
    ///   - troubles: what was not well at the end, or what ended it. Behind the cause of a way back it is the older
    ///     release's trouble: with both releases unwell, what they have in common may be it.
    ///   - isFailure: the step was given up.
    func reasons(_ troubles: [Trouble], isFailure: Bool = false) -> String {
        guard let cause else { return troubles.lines }
        if troubles.isEmpty { return cause.line }
        if isFailure { return "\(cause.line); the way back to \(to) failed: \(troubles.lines)" }
        return "\(cause.line); then \(to), which was gone back to, had trouble too, so this machine may be at fault: "
            + troubles.lines
    }
}
