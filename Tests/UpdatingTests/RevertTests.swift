import DurableStorage
import Primitives
import Releases
import Signatures
import TestSupport
import Testing

@testable import Updating

@Suite struct RevertTests {
    private func instance(_ versions: [String]) throws -> TestInstance {
        let repository = try ReleaseRepository()
        let instance = try TestInstance(repository)
        try instance.initialise()
        for version in versions {
            try repository.add(version, ["version": version])
            _ = try instance.agent().update()
        }
        repository.requests = []
        return instance
    }

    @Test("a revert needs no network, and what was left is not offered again until there is something newer")
    func pin() throws {
        let instance = try instance(["1.0", "1.1"])
        let report = try instance.agent().revert()
        #expect(report.isChange)
        #expect(instance.repository.requests == [])
        #expect(try instance.wholeVersion() == "1.0")
        let check = try instance.agent().check()
        #expect(check.available == nil)
        #expect(check.notOffered == LeftRelease(version: try Version("1.1"), cause: nil))
        #expect(try instance.agent().update().release == nil)
        #expect(try instance.wholeVersion() == "1.0")
        try instance.repository.add("1.2", Sample.first)
        #expect(try instance.agent().check().available?.version == (try Version("1.2")))
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.2")
        #expect(try instance.agent().status().installed?.revertedFrom == nil)
    }

    @Test("the release that was left can be asked for, and is taken from what is here")
    func askedFor() throws {
        let instance = try instance(["1.0", "1.1"])
        _ = try instance.agent().revert()
        _ = try instance.agent().update(to: Version("1.1"))
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().status().installed?.revertedFrom == nil)
    }

    @Test("reverting twice goes further back, and the newest release that was left stays the limit")
    func twice() throws {
        let instance = try instance(["1.0", "1.1", "1.2"])
        _ = try instance.agent().revert()
        #expect(try instance.wholeVersion() == "1.1")
        _ = try instance.agent().revert()
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.agent().status().installed?.revertedFrom == (try Version("1.2")))
        #expect(try instance.agent().check().available == nil)
        #expect(code { try instance.agent().revert() } == "agent/not-kept")
    }

    @Test("the pin outlives the loss of the record")
    func pinFromHistory() throws {
        let instance = try instance(["1.0", "1.1"])
        _ = try instance.agent().revert()
        try instance.folder.write("", to: "state/installed.json")
        #expect(try instance.agent().check().available == nil)
    }

    @Test("what is not kept cannot be returned to, and the installed release needs no revert")
    func notKept() throws {
        let instance = try instance(["1.0", "1.1"])
        #expect(code { try instance.agent().revert(to: Version("0.9")) } == "agent/not-kept")
        #expect(try instance.agent().revert(to: Version("1.1")).isChange == false)
        let empty = try TestInstance(try ReleaseRepository())
        try empty.initialise()
        #expect(code { try empty.agent().revert() } == "agent/not-installed")
        #expect(code { try empty.agent().verify() } == "agent/not-installed")
    }
}

@Suite struct InitialisationTests {
    @Test("a root is pinned as it was given, with no request, and a second time nothing happens")
    func pin() throws {
        let repository = try ReleaseRepository()
        let instance = try TestInstance(repository)
        #expect(code { try instance.agent().check() } == "agent/not-initialised")
        let fingerprint = Digest.sha256(of: repository.rootBytes)
        let anchor = try instance.agent().initialise(root: repository.rootBytes, fingerprint: fingerprint)
        #expect(anchor.fingerprint == fingerprint)
        #expect(anchor.wasPinned == false)
        #expect(try instance.folder.read("state/root.json") == repository.rootBytes)
        #expect(try instance.initialise().wasPinned)
        #expect(repository.requests == [])
        let state = try instance.folder.contents()["state"]
        #expect(state?.permissions == .privateDirectory)
    }

    @Test("a root with another fingerprint, without its threshold, or after another root is refused")
    func refused() throws {
        let repository = try ReleaseRepository()
        let instance = try TestInstance(repository)
        let other = Digest.sha256(of: [])
        #expect(
            code { try instance.agent().initialise(root: repository.rootBytes, fingerprint: other) }
                == "agent/wrong-fingerprint")
        let text = String(decoding: repository.rootBytes, as: UTF8.self)
        let unsigned = Array(text.replacing("\"version\": 1", with: "\"version\": 7").utf8)
        #expect(
            code { try instance.agent().initialise(root: unsigned, fingerprint: nil) } == "tuf/threshold-not-met")
        #expect(try instance.folder.contents().isEmpty)
        try instance.initialise()
        repository.simulator.bumpRoot()
        #expect(
            code { try instance.agent().initialise(root: repository.simulator.roots[1], fingerprint: nil) }
                == "agent/other-root")
        #expect(try instance.folder.read("state/root.json") == repository.rootBytes)
    }

    /// The content of a folder that is no agent's, and the name that a refusal shows.
    @Test(
        "a folder that holds what is others' is not taken for the state: what is in there stays as it is",
        arguments: [
            (["log/nginx/access.log"], "log"), (["metadata/mine"], "metadata"), (["downloads/image.iso"], "downloads"),
            (["output/reports/1", "releases/20240101/app", "releases/notes"], "output"),
            (["app.conf", "lock"], "app.conf"),
            (["root.json", "Keys/alice.pub"], "Keys"), ([".bashrc"], ".bashrc"), (["lock/x"], "lock"),
        ])
    func foreignState(files: [String], shown: String) throws {
        let instance = try TestInstance(try ReleaseRepository())
        for file in files { try instance.folder.write("precious", to: "state/\(file)") }
        let before = try instance.folder.contents()
        do {
            try instance.initialise()
            Issue.record("taken for the state")
        } catch let fault as AgentFault {
            #expect(fault.codeText == "agent/foreign-state")
            #expect(fault.found == "\"\(shown)\" in it")
        }
        #expect(try instance.folder.contents() == before)
    }

    @Test(
        "state and prefix that are one inside the other are refused before anything is made",
        arguments: [("prefix/state", "prefix"), ("prefix/versions/1.0", "prefix"), ("x", "x"), ("x", "x/prefix")])
    func nested(state: String, prefix: String) throws {
        var instance = try TestInstance(try ReleaseRepository())
        let folder = instance.folder
        instance.configure = { ($0.state, $0.prefix) = (folder.path(state), folder.path(prefix)) }
        #expect(code { try instance.initialise() } == "agent/foreign-state")
        #expect(try folder.contents().isEmpty)
    }

    @Test(
        "an empty folder, one of a file system of its own, and what an agent left become the state, whatever was lost of it"
    )
    func ownState() throws {
        let instance = try TestInstance(try ReleaseRepository())
        try instance.repository.add("1.0", Sample.first)
        try DurableStorage().makeDirectory(instance.folder.path("state/lost+found"))
        try instance.initialise()
        _ = try instance.agent().update()
        try instance.repository.add("1.1", Sample.second)
        _ = try instance.agent().update()
        _ = try instance.agent().revert()
        _ = try instance.agent().hold(until: nil, reason: "so")
        try instance.folder.write("torn", to: "state/.journal.tmp")
        try instance.folder.write("", to: "state/root.json")
        #expect(try instance.initialise().wasPinned == false)
        try DurableStorage().remove(instance.folder.path("state/root.json"))
        #expect(try instance.initialise().wasPinned == false)
        #expect(try instance.agent().status().hold != nil)
        #expect(try instance.wholeVersion() == "1.0")
    }
}
