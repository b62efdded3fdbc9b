import DurableStorage
import Primitives
import Synchronization
import SystemPackage

/// Stops or fails a program at its n-th durable effect, and then leaves the disk as a real stop might have left it.
///
///     let faulty = try FaultyStorage(.crash(at: 3, losing: .everythingUnflushed))
///     #expect(throws: StorageFault.self) { try work(with: faulty.storage) }
///     // Now look at the files, and run the work again with a `DurableStorage()`.
///
/// Only effects that are announced count and can be lost; what a test writes by itself is safe.
package final class FaultyStorage: EffectObserver {
    /// What happens, and when. Effects are counted from 1.
    package enum Plan: Hashable, Sendable {
        /// Nothing; effects are recorded.
        case observe
        /// The n-th effect and all after it do not happen: the program is no more.
        case crash(at: Int, losing: Loss)
        /// The n-th effect fails, as on a full disk; the program goes on.
        case fail(at: Int, StorageFaultCode)
        /// The n-th effect and all after it fail.
        case failFrom(Int, StorageFaultCode)
    }

    /// What a stop takes with it.
    package enum Loss: Hashable, Sendable, CaseIterable {
        /// The process was killed: the system still writes out what it was given.
        case nothing
        /// The power went; names reached the disk early, and half of the bytes that were not flushed did not.
        case unflushedBytes
        /// The power went; besides those bytes, every name made, changed or removed in a folder not flushed since is back.
        case everythingUnflushed
    }

    private struct State {
        var effects: [DurableEffect] = []
        var hasCrashed = false
        var disk: FaultyDisk
    }

    private let plan: Plan
    private let state: Mutex<State>

    /// `base` is on the file system that the program works on.
    package init(_ plan: Plan = .observe, in base: String = "/tmp") throws {
        self.plan = plan
        state = try Mutex(State(disk: FaultyDisk(in: base)))
    }

    /// A storage that has this observer.
    package var storage: DurableStorage { DurableStorage(observer: self) }
    /// All effects announced before the crash, in order, with the one that did not happen.
    package var effects: [DurableEffect] { state.withLock { $0.effects } }
    package var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

    /// What every effect throws from the crash on.
    package static let crash = StorageFault(.failed, found: "a simulated crash")

    package func willPerform(_ effect: DurableEffect) throws(StorageFault) {
        let fault: StorageFault? = state.withLock { state in
            if state.hasCrashed { return Self.crash }
            state.effects.append(effect)
            let fault = decide(&state)
            if fault == nil { state.disk.begin(effect) }
            return fault
        }
        if let fault { throw fault }
    }

    /// Stops here, for instance after the work said that it was done.
    package func crash(losing loss: Loss) {
        state.withLock { state in
            guard !state.hasCrashed else { return }
            state.hasCrashed = true
            state.disk.lose(loss)
        }
    }

    private func decide(_ state: inout State) -> StorageFault? {
        let count = state.effects.count
        switch plan {
        case .observe:
            return nil
        case .crash(let at, let loss):
            guard count == at else { return nil }
            state.hasCrashed = true
            state.disk.lose(loss)
            return Self.crash
        case .fail(let at, let code):
            return count == at ? StorageFault(code, found: "a simulated failure") : nil
        case .failFrom(let at, let code):
            return count >= at ? StorageFault(code, found: "a simulated failure") : nil
        }
    }
}

extension FaultyStorage {
    /// Runs `attempt` again and again, each time in a fresh folder, stopped one effect later than the last time, until
    /// it gets through; after each stop hands the folder to `afterwards`, which looks at it and may run the work again.
    ///
    /// Gives back the number of stops. The last run is stopped too, after its end, and `afterwards` sees what is left
    /// with `finished` true: what was said to be done must still be there.
    @discardableResult
    package static func crashAtEveryEffect(
        losing loss: Loss, limit: Int = 10_000, in base: String = "/tmp",
        attempt: (_ storage: DurableStorage, _ folder: TemporaryFolder) throws -> Void,
        afterwards: (_ folder: TemporaryFolder, _ stop: Int, _ finished: Bool) throws -> Void
    ) throws -> Int {
        for stop in 1...limit {
            let folder = try TemporaryFolder(in: base)
            let faulty = try FaultyStorage(.crash(at: stop, losing: loss), in: base)
            do { try attempt(faulty.storage, folder) } catch {
                guard faulty.hasCrashed else { throw error }
            }
            let finished = !faulty.hasCrashed
            faulty.crash(losing: loss)
            try afterwards(folder, stop, finished)
            if finished { return stop - 1 }
        }
        throw StorageFault(.failed, found: "more than \(limit) effects")
    }
}
