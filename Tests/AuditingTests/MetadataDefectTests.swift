import Auditing
import CanonicalJSON
import Primitives
import TUF
import TestSupport
import Testing

@Suite("Metadata with one defect")
struct MetadataDefectTests {
    @Test("in the chain of roots", arguments: roots)
    func root(_ defect: Defect) throws { try defect.check() }

    @Test("in its history", arguments: history)
    func inHistory(_ defect: Defect) throws { try defect.check() }

    @Test("in what is newest", arguments: newest)
    func inNewest(_ defect: Defect) throws { try defect.check() }

    static let roots: [Defect] = [
        .after("a root that only its own keyholders signed") { published in
            published.root.header.version = 3
            published.setKeys(of: .root, to: [TestKey("mallory")], threshold: 1)
            try published.write(published.root, .root, signers: [TestKey("mallory")])
        } finds: { _ in
            [(.rootChainBroken, "metadata/3.root.json")]
        },
        .after("a root that only one of its own keyholders signed") { published in
            published.root.header.version = 3
            try published.write(published.root, .root, signers: [published.keyholders[0]])
        } finds: { _ in
            [(.thresholdNotMet, "metadata/3.root.json")]
        },
        .after("a root in the middle that is gone") { published in
            try published.nextRoot()
            try published.remove("metadata/2.root.json")
        } finds: { _ in
            [(.versionGap, "metadata/2.root.json")]
        },
        .after("a root under another version's name") { published in
            try published.replace("metadata/3.root.json", with: published.read("metadata/2.root.json"))
        } finds: { _ in
            [(.wrongVersion, "metadata/3.root.json")]
        },
        .after("a root without consistent snapshots") { published in
            try published.nextRoot { published.root.consistentSnapshot = false }
        } finds: { _ in
            [(.notConsistent, "metadata/3.root.json")]
        },
    ]

    static let history: [Defect] = [
        .after("a snapshot that is gone") {
            try $0.remove("metadata/2.snapshot.json")
        } finds: { _ in
            [(.versionGap, "metadata/2.snapshot.json")]
        },
        .after("an old snapshot that was changed") { published in
            try published.replace("metadata/2.snapshot.json", text: "2030-01-31", with: "2030-02-28")
        } finds: { _ in
            [(.thresholdNotMet, "metadata/2.snapshot.json")]
        },
        .after("an old snapshot under another version's name") { published in
            try published.replace("metadata/2.snapshot.json", with: published.read("metadata/1.snapshot.json"))
        } finds: { _ in
            [(.wrongVersion, "metadata/2.snapshot.json")]
        },
        .after("an old snapshot that is no JSON") { published in
            try published.replace("metadata/2.snapshot.json", with: Array("{".utf8))
        } finds: { _ in
            [(.malformed, "metadata/2.snapshot.json")]
        },
        .after("an old snapshot signed twice by one key") { published in
            try published.repeatFirstSignature(in: "metadata/2.snapshot.json")
        } finds: { _ in
            [(.duplicateKeyID, "metadata/2.snapshot.json")]
        },
        .during("an old version that one of two keyholders signed") { published, state in
            published.channelSigners = state == 2 ? [published.keyholders[0]] : nil
        } finds: { _ in
            [(.thresholdNotMet, "metadata/2.suite-stable.json")]
        },
        .after("an old version that is not what its snapshot lists") { published in
            try published.replace("metadata/2.suite-stable.json", text: "2030-01-31", with: "2030-02-28")
        } finds: { _ in
            [(.wrongHash, "metadata/2.suite-stable.json")]
        },
        .after("an old version that is gone") {
            try $0.remove("metadata/2.suite-stable.json")
        } finds: { _ in
            [(.versionGap, "metadata/2.suite-stable.json")]
        },
        .after("a version that was never made") { published in
            published.channel.header.version = 5
            try published.publish()
        } finds: { _ in
            [(.versionGap, "metadata/4.suite-stable.json")]
        },
        .after("a version that was made and never listed") { published in
            published.channel.header.version = 4
            try published.write(published.channel, PublishedFolder.channelRole, signers: published.signers)
            published.channel.header.version = 5
            try published.publish()
        } finds: { _ in
            [(.orphan, "metadata/4.suite-stable.json")]
        },
        .after("a version beyond the newest that was listed") { published in
            published.channel.header.version = 9
            try published.write(published.channel, PublishedFolder.channelRole, signers: published.signers)
        } finds: { _ in
            [(.orphan, "metadata/9.suite-stable.json")]
        },
        .after("a role at an older version than before") { published in
            let old = MetaFile(version: 2, facts: FileFacts(of: try published.read("metadata/2.suite-stable.json")))
            try published.publish { $0.meta[PublishedFolder.channelRole.metaName] = old }
        } finds: { _ in
            [(.roleLowered, "metadata/4.snapshot.json")]
        },
        .after("a role that a snapshot leaves out") { published in
            published.targets.header.version = 3
            published.targets.delegations = nil
            try published.publish { $0.meta[PublishedFolder.channelRole.metaName] = nil }
        } finds: { _ in
            [(.roleRemoved, "metadata/4.snapshot.json")]
        },
        .after("a delegated role that no snapshot lists") { published in
            let beta = RoleName("suite-beta")
            published.targets.header.version = 3
            guard case .listed(let roles)? = published.targets.delegations?.roles, var role = roles.first else {
                return
            }
            role.name = beta
            published.targets.delegations?.roles = .listed(roles + [role])
            try published.publish()
        } finds: { _ in
            [(.roleNotInSnapshot, "metadata/4.snapshot.json")]
        },
        .after("a role that nobody delegates to") { published in
            var other = published.channel
            other.header.version = 1
            other.targets = [:]
            let meta = try published.write(other, RoleName("secret"), signers: published.signers)
            try published.publish { $0.meta["secret.json"] = meta }
        } finds: { _ in
            [(.notDelegated, "metadata/4.snapshot.json")]
        },
        .after("one version of a role with two hashes") { published in
            try published.publish { snapshot in
                snapshot.meta[PublishedFolder.channelRole.metaName] = MetaFile(version: 3, facts: FileFacts(of: [1]))
            }
        } finds: { _ in
            [(.twoContents, "metadata/3.suite-stable.json")]
        },
        .after("a snapshot signed by a key that was taken away before") { published in
            let stolen = published.online
            published.online = TestKey("online-2")
            try published.nextRoot {
                published.setKeys(of: .snapshot, to: [published.online], threshold: 1)
                published.setKeys(of: .timestamp, to: [published.online], threshold: 1)
            }
            try published.publish()
            let newest = published.timestamp.snapshot
            published.snapshot.header.version = 5
            try published.write(published.snapshot, .snapshot, signers: [stolen])
            published.snapshot.header.version = 6
            try published.publish { $0.header.version = 6 }
            #expect(newest.version == 4)
        } finds: { _ in
            [(.thresholdNotMet, "metadata/5.snapshot.json")]
        },
    ]

    static let newest: [Defect] = [
        .after("a timestamp that names an older snapshot") { published in
            let old = try published.read("metadata/2.snapshot.json")
            try published.publishTimestamp(of: MetaFile(version: 2, facts: FileFacts(of: old)))
        } finds: { _ in
            [(.timestampNotNewest, "metadata/timestamp.json")]
        },
        .after("a timestamp that names a snapshot which is not there") { published in
            try published.remove("metadata/3.snapshot.json")
        } finds: { published in
            // Without it, nothing names what only it named.
            let orphans =
                ["metadata/2.targets.json", "metadata/3.suite-stable.json"]
                + ["release.json", "suite-1.1.tar.zst", "tree.mtree"].map { published.stored("1.1", $0) }
            return [(.versionGap, "metadata/3.snapshot.json")] + orphans.map { (.orphan, $0) }
        },
        .after("a timestamp with another hash of the snapshot") { published in
            try published.publishTimestamp(of: MetaFile(version: 3, facts: FileFacts(of: [1])))
        } finds: { _ in
            [(.wrongLength, "metadata/3.snapshot.json")]
        },
        .after("a timestamp signed by nobody") { published in
            try published.write(published.timestamp, .timestamp, signers: [], name: "timestamp.json")
        } finds: { _ in
            [(.thresholdNotMet, "metadata/timestamp.json")]
        },
        .after("no timestamp") {
            try $0.remove("metadata/timestamp.json")
        } finds: { _ in
            [(.missing, "metadata/timestamp.json")]
        },
        .after("a timestamp that has expired") { published in
            published.timestamp.header.expires = PublishedFolder.expires(-1)
            try published.publishTimestamp(of: published.timestamp.snapshot)
        } finds: { _ in
            [(.expired, "metadata/timestamp.json")]
        },
        .during("a snapshot and a role that have expired, at the very second") { published, state in
            guard state == 3 else { return }
            published.snapshot.header.expires = PublishedFolder.expires(0)
            published.channel.header.expires = PublishedFolder.expires(0)
        } finds: { _ in
            [(.expired, "metadata/3.snapshot.json"), (.expired, "metadata/3.suite-stable.json")]
        },
        .after("a root that has expired") { published in
            try published.nextRoot { published.root.header.expires = PublishedFolder.expires(-1) }
        } finds: { _ in
            [(.expired, "metadata/3.root.json")]
        },
        .after("a snapshot that the newest root no longer trusts") { published in
            let other = TestKey("online-2")
            try published.nextRoot { published.setKeys(of: .snapshot, to: [other], threshold: 1) }
        } finds: { _ in
            [(.thresholdNotMet, "metadata/3.snapshot.json")]
        },
    ]
}

extension PublishedFolder {
    func repeatFirstSignature(in name: String) throws {
        guard case .object(var file) = try JSONValue.decode(read(name), limits: JSONLimits(bytes: 1 << 20, depth: 32)),
            case .array(let signatures)? = file["signatures"]
        else { return }
        file["signatures"] = .array(signatures + signatures.prefix(1))
        try replace(name, with: JSONValue.object(file).fileEncoding)
    }
}
