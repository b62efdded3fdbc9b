import Primitives
import Releases
import TUF

/// What a role is to people, as its place in the graph of delegations says; its name alone says nothing.
package enum RoleTitle: Hashable, Sendable {
    case topLevel(RoleName)
    case channel(ReleasePaths)
    /// Of a channel.
    case archive(ReleasePaths)
    /// Of a channel's archive, with the hexadecimal digits that its target path's hashes begin with.
    case bin(ReleasePaths, ByteString)
    /// A role that these tools never make.
    case other(RoleName)

    /// What `delegator` delegates to in the way of these tools; everything else is `other`.
    init(_ delegated: DelegatedRole, by delegator: RoleTitle) {
        self = .other(delegated.name)
        guard let candidate = Self.candidate(delegated, by: delegator), candidate.name == delegated.name,
            candidate.scope == delegated.scope, candidate.isTerminating == delegated.terminating
        else { return }
        self = candidate
    }

    private static func candidate(_ delegated: DelegatedRole, by delegator: RoleTitle) -> RoleTitle? {
        switch (delegator, delegated.scope) {
        case (.topLevel(.targets), .patterns(let patterns)):
            let parts = patterns.first?.text.bytes.split(separator: UInt8(ascii: "/")) ?? []
            guard parts.count == 4, let product = try? ProductName(ByteString(Array(parts[0]))),
                let channel = try? ChannelName(ByteString(Array(parts[1])))
            else { return nil }
            return .channel(ReleasePaths(product: product, channel: channel))
        case (.channel(let paths), .patterns): return .archive(paths)
        case (.archive(let paths), .hashPrefixes(let prefixes)):
            return prefixes.first.flatMap { $0.count == 1 ? .bin(paths, $0) : nil }
        case (.bin(let paths, let digits), .hashPrefixes(let prefixes)):
            return prefixes.first.flatMap {
                $0.count == digits.count + 1 && $0.bytes.starts(with: digits.bytes) ? .bin(paths, $0) : nil
            }
        default: return nil
        }
    }

    package var name: RoleName {
        switch self {
        case .topLevel(let role), .other(let role): role
        case .channel(let paths): RoleName(paths.role)
        case .archive(let paths): RoleName(ByteString("\(paths.role)-archive"))
        case .bin(let paths, let digits): RoleName(ByteString("\(paths.role)-archive-\(digits)"))
        }
    }

    /// What a delegation to it covers; nil when these tools never delegate to it.
    var scope: PathScope? {
        switch self {
        case .channel(let paths), .archive(let paths): .patterns([PathPattern(paths.pattern)])
        case .bin(_, let digits): Self.isHex(digits) ? .hashPrefixes([digits]) : nil
        case .topLevel, .other: nil
        }
    }

    var isTerminating: Bool {
        switch self {
        case .channel, .archive: true
        case .topLevel, .bin, .other: false
        }
    }

    /// The channel it belongs to.
    var paths: ReleasePaths? {
        switch self {
        case .channel(let paths), .archive(let paths), .bin(let paths, _): paths
        case .topLevel, .other: nil
        }
    }

    private static func isHex(_ text: ByteString) -> Bool {
        text.bytes.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }
}

extension RoleTitle: CustomStringConvertible {
    package var description: String {
        switch self {
        case .topLevel(let role): "\(role)"
        case .channel(let paths): "channel \(paths.channel)"
        case .archive(let paths): "the archive of \(paths.channel)"
        case .bin(let paths, let digits): "bin \(digits) of the archive of \(paths.channel)"
        case .other(let role): "role \(Shown.text(role.text, limit: 100))"
        }
    }
}

/// The titles of all roles that are published or staged.
struct RoleTitles {
    private var titles: [RoleName: RoleTitle] = [:]

    init(_ staging: Staging) {
        for role in RoleName.topLevel { titles[role] = .topLevel(role) }
        let published = staging.published
        collect(published.targets?.content) { published.delegated[$0]?.content }
        collect(staging.targets) { staging.content(of: $0) }
    }

    subscript(role: RoleName) -> RoleTitle { titles[role] ?? .other(role) }

    /// A channel's role, then its archive and bins, as far as there are any.
    var families: [(paths: ReleasePaths, roles: [RoleName])] {
        let channels = titles.values.compactMap { title in
            if case .channel(let paths) = title { paths } else { nil }
        }
        return channels.sorted { $0.role < $1.role }.map { paths in
            let members = titles.filter { $0.value.paths == paths }.keys.sorted()
            let channel = RoleName(paths.role)
            return (paths, [channel] + members.filter { $0 != channel })
        }
    }

    private mutating func collect(_ top: Targets?, content: (RoleName) -> Targets?) {
        var pending = top.map { [(RoleTitle.topLevel(.targets), $0)] } ?? []
        var visited: Set<RoleName> = []
        while let (delegator, targets) = pending.popLast() {
            guard case .listed(let list)? = targets.delegations?.roles else { continue }
            for delegated in list {
                let title = RoleTitle(delegated, by: delegator)
                if let known = titles[delegated.name], known != title {
                    titles[delegated.name] = .other(delegated.name)
                } else {
                    titles[delegated.name] = title
                }
                guard visited.insert(delegated.name).inserted, let next = content(delegated.name) else { continue }
                pending.append((title, next))
            }
        }
    }
}
