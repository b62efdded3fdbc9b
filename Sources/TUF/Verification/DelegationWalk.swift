import Primitives

/// The search for one target through delegations (TUF 5.6.7): pre-order, depth first, in the order listed, without
/// visiting a role twice, ended by a terminating delegation. The caller loads each role it names.
package struct DelegationWalk {
    package struct Visit: Sendable {
        package let role: RoleName
        package let delegator: Verified<Targets>
    }

    package let targetPath: ByteString
    private let limit: Int
    /// Roles still to visit, the next one last.
    private var pending: [Visit] = []
    private var visited: Set<RoleName> = [.targets]

    package init(for targetPath: ByteString, limits: MetadataLimits) {
        self.targetPath = targetPath
        limit = limits.delegations
    }

    /// The target as `metadata` lists it. When it does not, the roles it delegates to are visited next.
    package mutating func search(_ metadata: Verified<Targets>) -> TargetFile? {
        if let target = metadata.content.targets[targetPath] { return target }
        let covering = metadata.content.delegations?.roles(covering: targetPath) ?? []
        if covering.last?.terminating == true { pending = [] }
        pending += covering.reversed().map { Visit(role: $0.name, delegator: metadata) }
        return nil
    }

    /// The role to load and `search` next; nil when the search is over. Throws when it has gone on for too long.
    package mutating func next() throws(MetadataFault) -> Visit? {
        while let visit = pending.popLast() {
            guard visited.insert(visit.role).inserted else { continue }
            guard visited.count - 1 <= limit else {
                throw MetadataFault(.tooManyDelegations, expected: "at most \(limit)", at: "\(targetPath)")
            }
            return visit
        }
        return nil
    }
}
