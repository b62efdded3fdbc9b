import Primitives
import TUF

/// Who lets whom sign what, as it would be: every targets role that the top-level one leads to, directly or not, in the
/// metadata that is staged, or else published.
package struct DelegationGraph: Sendable {
    /// A role that somebody delegates to.
    package struct Node: Sendable {
        package let role: RoleName
        /// Nil when it has been neither staged nor published.
        package let content: Targets?
        /// Whoever delegates to it, the nearest to the top first, and with which keys and threshold.
        package fileprivate(set) var delegators: [(role: RoleName, signers: RoleSigners)]
    }

    /// In breadth, in the order listed; not the top-level role itself.
    package private(set) var nodes: [Node] = []
    private var indices: [RoleName: Int] = [:]

    /// - Parameters:
    ///   - top: the content of the top-level role.
    ///   - known: every delegated role that there is metadata of. Only these are found where a delegation names its roles
    ///     by a rule.
    init(top: Targets?, known: [RoleName: Targets]) {
        var pending: [(role: RoleName, content: Targets)] = top.map { [(.targets, $0)] } ?? []
        let names = known.keys.sorted()
        var next = 0
        while next < pending.count {
            let delegator = pending[next]
            next += 1
            guard let delegations = delegator.content.delegations else { continue }
            for name in delegations.names(among: names) {
                guard let signers = delegations.signers(of: name) else { continue }
                if let index = indices[name] {
                    nodes[index].delegators.append((delegator.role, signers))
                } else {
                    indices[name] = nodes.count
                    nodes.append(
                        Node(role: name, content: known[name], delegators: [(role: delegator.role, signers: signers)]))
                    if let content = known[name] { pending.append((role: name, content: content)) }
                }
            }
        }
    }

    package func node(_ role: RoleName) -> Node? { indices[role].map { nodes[$0] } }
}

extension Delegations {
    /// The roles delegated to, in order; of those that a rule names, the ones `among` these.
    func names(among known: [RoleName]) -> [RoleName] {
        switch roles {
        case .listed(let list): list.map(\.name)
        case .succinct(let bins): known.filter { bins.contains($0) }
        }
    }
}
