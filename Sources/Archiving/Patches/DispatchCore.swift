import Dispatch
import Patching

/// Another thread, for one thing at a time.
struct DispatchCore: SecondCore {
    private let group = DispatchGroup()
    /// Of our own: the threads of the global one are watched through /proc, which who builds in a sandbox cannot read.
    private let queue = DispatchQueue(label: "sceau.second-core")

    func begin(_ work: @escaping @Sendable () -> Void) { queue.async(group: group, execute: work) }

    func wait() { group.wait() }
}
