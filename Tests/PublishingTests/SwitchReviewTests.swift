import Foundation
import Primitives
import Publishing
import Releases
import Signatures
import Testing

@Suite struct `What signers are told of the switch to a release` {
    private static let time = Date(timeIntervalSince1970: 1_790_000_000)

    private static func manifest(
        _ version: String, updateFrom: String? = nil, _ edit: (inout InstallSection) throws -> Void = { _ in }
    ) throws -> ReleaseManifest {
        var manifest = ReleaseManifest(
            product: try ProductName("suite"), channel: try ChannelName("stable"), version: try Version(version),
            time: time, severity: .none, tree: .init(sha256: .sha256(of: []), files: 0, bytes: 0),
            archive: .init(sha256: .sha256(of: []), bytes: 0))
        manifest.updateFrom = try updateFrom.map { try Version($0) }
        try edit(&manifest.install)
        return manifest
    }

    private static func full(_ section: inout InstallSection) throws {
        section.services = [try ServiceName("web.service"), try ServiceName("worker.service")]
        section.shared = ["data"]
        section.pre = .init(["hooks/pre"], seconds: 60)
        section.post = .init(["hooks/post"], seconds: 60)
        section.health = .init(.init(["hooks/health"], seconds: 10))
    }

    private static func review(
        _ manifest: ReleaseManifest, over before: ReleaseManifest?, offered: [ReleaseFacts] = []
    ) -> SwitchReview {
        SwitchReview(
            manifest, former: before.map { .init(version: $0.version, manifest: $0) }, offered: offered)
    }

    @Test func `nothing where nothing is done, nor was`() throws {
        let review = Self.review(try Self.manifest("2.12"), over: try Self.manifest("2.11"))
        #expect(review.text.isEmpty)
        #expect(review.former == (try Version("2.11")))
    }

    @Test func `a release that does what the one before did has no warnings`() throws {
        let before = try Self.manifest("2.11", Self.full)
        let review = Self.review(try Self.manifest("2.12", Self.full), over: before)
        #expect(review.warnings.isEmpty)
        #expect(review.lines == before.install.sentences)
    }

    @Test func `whatever is done no more is a warning, each by its name`() throws {
        let review = Self.review(
            try Self.manifest("2.12") { $0.services = [try ServiceName("web.service")] },
            over: try Self.manifest("2.11", Self.full))
        #expect(
            review.warnings == [
                "worker.service, a service of 2.11, is none any more: instances neither stop nor start it",
                "data, shared in 2.11, is not any more: what instances have there is left aside",
                "nothing runs before the switch any more; in 2.11 it was hooks/pre",
                "nothing runs after the switch any more; in 2.11 it was hooks/post",
                "the health check of 2.11 is gone: instances cannot tell when it does not work",
            ])
        #expect(review.lines == ["around the switch it restarts web.service"])
    }

    @Test func `what is new or other is said with what it was`() throws {
        let before = try Self.manifest("2.11") { section in
            section.services = [try ServiceName("worker.service"), try ServiceName("web.service")]
            section.pre = .init(["hooks/pre", "--old"], seconds: 60)
            section.health = .init(.init(["hooks/health"], seconds: 10), inARow: 3)
        }
        let review = Self.review(try Self.manifest("2.12", Self.full), over: before)
        #expect(review.warnings.isEmpty)
        #expect(
            review.lines.suffix(2) == [
                "new since 2.11: what runs after the switch and the shared path data",
                "other than in 2.11: what runs before the switch (it was hooks/pre --old (at most 1 min)), the health "
                    + "check (it was healthy when hooks/health succeeds 3 times in a row within 2 min (tried every "
                    + "5 s, each at most 10 s)) and the order of its services",
            ])
    }

    @Test func `a change of data that nothing undoes is a warning, one with a way back is none`() throws {
        for (way, count) in [
            (InstallSection.Migration.Return.none, 1), (.compatible, 0), (.undo(.init(["u"], seconds: 1)), 0),
        ] {
            let manifest = try Self.manifest("2.12") { $0.migration = .init(.init(["m"], seconds: 1), return: way) }
            #expect(
                Self.review(manifest, over: nil).warnings
                    == Array(
                        repeating: "its change of data cannot be undone: instances stop before it and ask",
                        count: count))
        }
    }

    @Test func `a change of data that some instances would miss is a warning`() throws {
        let before = try Self.manifest("2.11") {
            $0.migration = .init(.init(["m"], seconds: 1), return: .compatible)
        }
        let says =
            "2.11 changes data and this release does not: instances that come from before 2.11 miss that change"
        let facts = [before.facts]
        #expect(Self.review(try Self.manifest("2.12"), over: before, offered: facts).warnings == [says])
        let later = try Self.manifest("2.12", updateFrom: "2.11")
        #expect(Self.review(later, over: before, offered: facts).warnings.isEmpty)
        let itself = try Self.manifest("2.12") { $0.migration = before.install.migration }
        #expect(Self.review(itself, over: before, offered: facts).warnings.isEmpty)
    }

    @Test func `says which release older instances take first, and warns where there is none`() throws {
        let manifest = try Self.manifest("2.12", updateFrom: "2.10")
        let withdrawn = ReleaseFacts(
            version: try Version("2.11.5"), severity: .none, time: Self.time,
            withdrawal: try Withdrawal(reason: "bad", time: Self.time))
        let near = try Self.manifest("2.11", updateFrom: "2.10").facts
        let open = try Self.manifest("2.10.2").facts
        let old = try Self.manifest("2.9").facts
        #expect(
            Self.review(manifest, over: nil, offered: [old, open, near, withdrawn, manifest.facts]).text
                == ["instances older than 2.10 take 2.10.2 first"])
        #expect(
            Self.review(manifest, over: nil, offered: [old, near, withdrawn]).text == [
                "warning: stable offers no release from 2.10 on that instances older than 2.10 may take: they stay "
                    + "where they are",
                "instances older than 2.10 cannot go to it at once",
            ])
    }

    @Test func `an oldest version that is dropped or lowered is a warning`() throws {
        let before = try Self.manifest("2.11", updateFrom: "2.10")
        for oldest in [nil, "2.9"] {
            let review = Self.review(
                try Self.manifest("2.12", updateFrom: oldest), over: before, offered: [try Self.manifest("2.9").facts])
            #expect(review.warnings == ["2.11 took instances from 2.10 on, this one takes older ones too"])
        }
        let same = try Self.manifest("2.12", updateFrom: "2.10")
        #expect(Self.review(same, over: before, offered: [try Self.manifest("2.10").facts]).warnings.isEmpty)
    }

    @Test func `a release before that is not here is said, since nothing can be compared`() throws {
        let review = SwitchReview(
            try Self.manifest("2.12"), former: .init(version: try Version("2.11"), manifest: nil), offered: [])
        #expect(
            review.warnings == [
                "release.json of 2.11 is not here: nothing can be said of what is other than there"
            ])
    }

    @Test func `a rollout that never ends is a warning`() throws {
        var manifest = try Self.manifest("2.12")
        manifest.rollout = try Rollout(start: Self.time, steps: [.init(hours: 0, perMille: 100)])
        #expect(
            Self.review(manifest, over: nil).text == [
                "warning: the rollout ends before all instances may have it",
                "instances get it step by step: 10 % at once",
            ])
    }
}
