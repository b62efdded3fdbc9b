import Dispatch
import Patching

/// Another thread, for one thing at a time.
struct DispatchCore: SecondCore {
    private let group = DispatchGroup()

    func begin(_ work: @escaping @Sendable () -> Void) { DispatchQueue.global().async(group: group, execute: work) }

    func wait() { group.wait() }
}
