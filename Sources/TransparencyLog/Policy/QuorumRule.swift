/// Which sets of witnesses suffice, over places in a bit mask: first the witnesses, then the groups.
struct QuorumRule: Hashable, Sendable {
    /// Witnesses and groups together: the bits of a mask.
    static let placeLimit = UInt64.bitWidth

    struct Group: Hashable, Sendable {
        /// How many of its members have to agree.
        let threshold: Int
        /// Their places, all lower than the group's own.
        let members: UInt64
    }

    let witnessCount: Int
    let groups: [Group]
    /// The place of the witness or group that decides; nil: nobody has to agree.
    let goal: Int?

    /// Whether these witnesses suffice.
    func isSatisfied(by witnesses: UInt64) -> Bool {
        guard let goal else { return true }
        var agreed = witnesses
        for (index, group) in groups.enumerated()
        where (agreed & group.members).nonzeroBitCount >= group.threshold {
            agreed |= Self.bit(witnessCount + index)
        }
        return agreed & Self.bit(goal) != 0
    }

    /// The witnesses whose word can make a difference.
    var deciding: [Int] {
        guard let goal else { return [] }
        var reached = Self.bit(goal)
        for (index, group) in groups.enumerated().reversed() where reached & Self.bit(witnessCount + index) != 0 {
            reached |= group.members
        }
        return (0..<witnessCount).filter { reached & Self.bit($0) != 0 }
    }

    /// The whole rule as one text, in which neither order nor names of groups count.
    ///
    /// - Parameter keys: what stands for each witness.
    func shape(keys: [String]) -> String {
        guard let goal else { return "none" }
        var shapes = keys
        for group in groups {
            let members = shapes.indices.filter { group.members & Self.bit($0) != 0 }.map { shapes[$0] }.sorted()
            shapes.append("(\(group.threshold) \(members.joined(separator: " ")))")
        }
        return shapes.indices.contains(goal) ? shapes[goal] : "none"
    }

    static func bit(_ place: Int) -> UInt64 { 1 << UInt64(place) }
}
