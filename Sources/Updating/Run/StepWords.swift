import UpdatePlan

extension UpdateStep {
    /// Why this step went as it did, on one line for people; empty where all was well.
    ///
    /// - Parameters:
    ///   - trouble: what was not well at the end, or what ended it. Behind the cause of a way back it is the older
    ///     release's trouble: with both releases unwell, what they have in common may be it.
    ///   - isFailure: the step was given up.
    func reasons(_ trouble: Trouble?, isFailure: Bool = false) -> String {
        guard let cause else { return trouble?.line ?? "" }
        guard let trouble else { return cause.line }
        if isFailure { return "\(cause.line); the way back to \(to) failed: \(trouble.line)" }
        return "\(cause.line); then \(to), which was gone back to, had trouble too, so this machine may be at fault: "
            + trouble.line
    }
}
