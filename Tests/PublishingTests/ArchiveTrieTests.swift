import Foundation
import Primitives
import Publishing
import Signatures
import TUF
import TestSupport
import Testing

@Suite struct `An archive spreads over as many files as it takes` {
    private static let top: RoleName = "suite-stable-archive"
    private static let keys = ["alice", "bob"].map(TestKey.init)
    private static let signers: ArchiveTrie.Signers = {
        let table = Dictionary(uniqueKeysWithValues: keys.map { ($0.keyID, $0.publicKey) })
        let role = DelegatedRole(
            name: top, keys: RoleKeys(keyIDs: keys.map(\.keyID), threshold: 2), terminating: true, scope: .patterns([]))
        let delegations = Delegations(keys: table, roles: [role])
        guard let signers = delegations.signers(of: top) else { preconditionFailure("it delegates to it") }
        return ArchiveTrie.Signers(signers)
    }()

    private func trie(limit: Int, _ documents: [RoleName: Targets] = [:]) -> ArchiveTrie {
        ArchiveTrie(Self.top, documents, signers: Self.signers, limit: limit)
    }

    private static func target(_ number: Int) -> (ByteString, TargetFile) {
        let digest = Digest.sha256(of: Array("content \(number)".utf8))
        return (
            ByteString("suite/stable/\(number).0/release.json"),
            TargetFile(length: number, hashes: ["sha256": ByteString(digest.hex)], custom: nil)
        )
    }

    private static func targets(_ numbers: some Sequence<Int>) -> [ByteString: TargetFile] {
        Dictionary(uniqueKeysWithValues: numbers.map(target))
    }

    private func hash(_ path: ByteString) -> String { Digest.sha256(of: path.bytes).hex }

    /// The role that a search from the top ends at.
    private func role(listing path: ByteString, in trie: ArchiveTrie) -> RoleName? {
        var role = Self.top
        while let document = trie.documents[role] {
            if document.targets[path] != nil { return role }
            guard let next = document.delegations?.roles(covering: path).first else { return nil }
            role = next.name
        }
        return nil
    }

    @Test func `what is short stays in one file`() {
        var trie = trie(limit: 60 << 10)
        trie.insert(Self.targets(1...20))
        #expect(trie.documents.keys.sorted() == [Self.top])
        #expect(trie.documents[Self.top]?.targets.count == 20)
        #expect(trie.documents[Self.top]?.delegations == nil)
        #expect(trie.changed == [Self.top])
    }

    @Test func `what grows too long becomes sixteen bins at most, and those split again`() throws {
        var trie = trie(limit: 3000)
        let all = Self.targets(1...300)
        trie.insert(all)
        let top = try #require(trie.documents[Self.top])
        #expect(top.targets.isEmpty)
        guard case .listed(let bins)? = top.delegations?.roles else { return #expect(Bool(false), "no bins") }
        #expect(bins.count == 16)
        #expect(bins.map(\.name) == bins.map(\.name).sorted())
        #expect(bins.allSatisfy { !$0.terminating && $0.keys.threshold == 2 })
        #expect(trie.documents.keys.contains { $0.text.count == Self.top.text.count + 3 })
        #expect(trie.documents.keys.allSatisfy { ArchiveTrie.contains($0, archive: Self.top) })
        for path in all.keys { #expect(role(listing: path, in: trie) != nil, "\(path)") }
        for (role, document) in trie.documents {
            let prefix = String(role.text.description.dropFirst(Self.top.text.count + 1))
            #expect(document.targets.keys.allSatisfy { hash($0).hasPrefix(prefix) })
            #expect(document.targets.isEmpty != (document.delegations == nil), "\(role)")
        }
    }

    @Test func `a bin comes to be only once something is in it`() throws {
        var trie = trie(limit: 1000)
        trie.insert(Self.targets(1...4))
        let used = Set(Self.targets(1...4).keys.map { String(hash($0).prefix(1)) })
        #expect(trie.documents.count == 1 + used.count)
        let bins = used.sorted().map { RoleName(ByteString("\(Self.top)-\($0)")) }
        #expect(trie.documents.keys.sorted() == [Self.top] + bins)
    }

    @Test(arguments: [1, 7, 64]) func `the order in which releases come makes no difference`(_ step: Int) {
        var whole = trie(limit: 2500)
        whole.insert(Self.targets(1...150))
        var piecewise = trie(limit: 2500)
        let order = (1...150).sorted { ($0 * 37) % 151 < ($1 * 37) % 151 }
        for start in stride(from: 0, to: 150, by: step) {
            piecewise.insert(Self.targets(order[start..<min(150, start + step)]))
        }
        #expect(piecewise.documents.mapValues(\.targets) == whole.documents.mapValues(\.targets))
        #expect(piecewise.documents.mapValues(\.delegations) == whole.documents.mapValues(\.delegations))
    }

    @Test func `only files in which something changes change`() throws {
        var first = trie(limit: 2500)
        first.insert(Self.targets(1...100))
        var second = trie(limit: 2500, first.documents)
        second.insert(Self.targets(1...100))
        #expect(second.changed.isEmpty)
        let (path, file) = Self.target(1000)
        second.insert([path: file])
        #expect(second.changed.contains(try #require(role(listing: path, in: second))))
        #expect(second.changed.count <= 3)
        for (role, document) in first.documents where !second.changed.contains(role) {
            #expect(second.documents[role]?.targets == document.targets)
        }
        // Never is one taken away.
        #expect(Set(first.documents.keys).isSubset(of: second.documents.keys))
    }

    @Test func `bins come before whoever delegates to them`() {
        var trie = trie(limit: 1000)
        trie.insert(Self.targets(1...60))
        let order = trie.changedDeepestFirst
        #expect(order.last == Self.top)
        #expect(Set(order) == trie.changed)
        for (index, role) in order.enumerated() {
            guard case .listed(let bins)? = trie.documents[role]?.delegations?.roles else { continue }
            #expect(bins.allSatisfy { order[..<index].contains($0.name) })
        }
    }

    @Test func `one target that is longer than a file may be is left for others to refuse`() {
        var trie = trie(limit: 10)
        trie.insert(Self.targets(1...1))
        #expect(trie.documents.keys.sorted() == [Self.top])
    }

    @Test(arguments: [
        ("suite-stable-archive", true), ("suite-stable-archive-0", true), ("suite-stable-archive-3f", true),
        ("suite-stable-archive-", false), ("suite-stable-archive-g", false), ("suite-stable-archive-0F", false),
        ("suite-stable", false), ("suite-stable-archiveX0", false), ("suite-beta-archive-0", false),
        ("suite-stable-archive-00000000000000000", false),
    ])
    func `a bin is told by its name`(_ name: String, _ isOne: Bool) {
        #expect(ArchiveTrie.contains(RoleName(ByteString(name)), archive: Self.top) == isOne)
    }
}
