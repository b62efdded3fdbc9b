/// How a program ended, and what it said.
package struct ProcessResult: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// With this status.
        case exited(Int32)
        /// By this signal, of whomever it came.
        case signalled(Int32)
        case timedOut
    }

    package let outcome: Outcome
    /// Standard output and standard error as they came. When it was cut, a line in brackets says how much is missing.
    package let output: [UInt8]
    package let isCut: Bool
    /// Until the program itself ended or its time was up.
    package let duration: Duration
    /// When it ended there were other processes of its own, which were ended then.
    package let leftProcesses: Bool
    /// How many of them could not be ended: they got more privileges than the agent has, or hang in the kernel.
    package let survivors: Int

    package var succeeded: Bool { outcome == .exited(0) }

    package init(
        outcome: Outcome, output: [UInt8] = [], isCut: Bool = false, duration: Duration = .zero,
        leftProcesses: Bool = false, survivors: Int = 0
    ) {
        self.outcome = outcome
        self.output = output
        self.isCut = isCut
        self.duration = duration
        self.leftProcesses = leftProcesses
        self.survivors = survivors
    }
}
