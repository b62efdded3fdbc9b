import Deflating
import Primitives

/// Deflates new files again, one at a time: beside what follows when the header has memory for that, at once otherwise.
struct DeflatingBeside {
    private let core: any SecondCore
    /// Bytes that it may take beside everything else; 0 when it may not.
    let memory: Int
    /// What it may cost in all, or what is left of that.
    private var work: Int
    private var task: DeflatingTask?

    init(_ core: any SecondCore, memory: Int, work: Int) {
        (self.core, self.memory, self.work) = (core, memory, work)
    }

    var isBeside: Bool { memory > 0 }

    /// Throws when it would take so many bytes.
    func check(_ bytes: Int) throws(PatchFault) {
        guard bytes <= memory else {
            throw PatchFault(.tooMuchMemory, found: "\(bytes) bytes for deflating", expected: "at most \(memory)")
        }
    }

    /// Begins to make a file of at most `size` bytes. There is none being made.
    mutating func begin(_ expanded: [UInt8], recipe: [UInt8], size: Int) {
        let task = DeflatingTask(expanded, recipe: recipe, size: size, work: work)
        self.task = task
        if isBeside { core.begin { task.run() } } else { task.run() }
    }

    /// What was begun. Throws `DeflatingFault`.
    mutating func finish() throws -> [UInt8] {
        guard let task else { return [] }
        if isBeside { core.wait() }
        self.task = nil
        work = task.work
        return try task.result.get()
    }
}

/// One file that is made by one `run`.
///
/// May go to another thread: whoever made it looks at it again only when `run` has returned there (`SecondCore.wait`).
private final class DeflatingTask: @unchecked Sendable {
    private var expanded: [UInt8]
    private let recipe: [UInt8]
    private let limits: ExpansionLimits
    private(set) var work: Int
    private(set) var result: Result<[UInt8], any Error> = .success([])

    init(_ expanded: [UInt8], recipe: [UInt8], size: Int, work: Int) {
        (self.expanded, self.recipe, self.work) = (expanded, recipe, work)
        var limits = ExpansionLimits()
        limits.fileBytes = size
        self.limits = limits
    }

    func run() {
        result = Result { try Expansion.contract(expanded, recipe: recipe, limits: limits, work: &work) }
        // Not needed while the file waits to be written.
        expanded = []
    }
}
