import Primitives
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

@Suite struct WithdrawalTests {
    private func instance(_ versions: String...) throws -> TestInstance {
        let repository = try ReleaseRepository()
        for version in versions { try repository.add(version, ["bin/serve": "serve \(version)"]) }
        let instance = try TestInstance(repository)
        try instance.initialise()
        return instance
    }

    @Test("a withdrawn update is not offered: the one before it is installed, and check says why")
    func newestWithdrawn() throws {
        let instance = try instance("1.0", "1.1", "1.2")
        try instance.repository.withdraw("1.2")
        let check = try instance.agent().check()
        #expect(check.available?.version == (try Version("1.1")))
        #expect(check.withdrawn.map(\.version) == [try Version("1.2")])
        #expect(check.withdrawn.first?.withdrawal.reason == "it loses mail")
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().status().withdrawn.map(\.version) == [try Version("1.2")])
    }

    @Test("asked for by name it is refused, and nothing changes")
    func askedFor() throws {
        let instance = try instance("1.0", "1.1")
        _ = try instance.agent().update(to: Version("1.0"))
        try instance.repository.withdraw("1.1")
        #expect(code { try instance.agent().update(to: Version("1.1")) } == "plan/withdrawn")
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.names(in: "prefix/versions") == ["1.0"])
    }

    @Test("an instance that runs it stays on it, hears so, and takes the successor once there is one")
    func installedWithdrawn() throws {
        let instance = try instance("1.0", "1.1")
        _ = try instance.agent().update()
        try instance.repository.withdraw("1.1")
        let report = try instance.agent().update()
        #expect(report.release == nil)
        #expect(try instance.wholeVersion() == "1.1")
        let notice = try #require(report.withdrawn.first)
        #expect(notice.successor == (try Version("1.0")))
        #expect(notice.successorIsOlder)
        #expect(try instance.agent().status().withdrawn == [notice])

        try instance.repository.add("1.2", ["bin/serve": "serve 1.2"])
        #expect(try instance.agent().check().withdrawn.first?.successor == (try Version("1.2")))
        #expect(try instance.agent().update().withdrawn == [])
        #expect(try instance.wholeVersion() == "1.2")
    }

    @Test("when the only release is withdrawn a new instance installs nothing and hears why")
    func onlyOneWithdrawn() throws {
        let instance = try instance("1.0")
        try instance.repository.withdraw("1.0")
        let report = try instance.agent().update()
        #expect(report.installed == nil)
        #expect(report.withdrawn.map(\.advice) == ["the channel has no other release yet"])
        #expect(try instance.names(in: "prefix") == [])
    }

    @Test("facts that say withdrawn in another form are refused as a whole", arguments: ["", "a\nb", "\u{1B}[2J"])
    func malformed(reason: String) throws {
        let instance = try instance("1.0")
        #expect(
            code { try instance.repository.withdraw("1.0", reason: ByteString(reason)) } == "release/invalid-reason")
    }
}
