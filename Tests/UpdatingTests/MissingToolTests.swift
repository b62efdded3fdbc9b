import CanonicalJSON
import DurableStorage
import Primitives
import Releases
import TestSupport
import Testing

@testable import Updating

/// A release says which programs of the machine its own ones need.
@Suite("Programs that a release needs") struct MissingToolTests {
    /// 1.0 is installed; 1.1 needs `tools`.
    private func instance(_ tools: [ByteString]) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        var release = HookedRelease("1.1")
        release.change = { manifest in
            var json = manifest.install.json
            json["tools"] = .array(tools.map { .string($0) })
            if let install = try? InstallSection(json) { manifest.install = install }
        }
        try release.add(to: hooked.repository)
        return hooked
    }

    @Test("and that are not here are all named, before anything of it is fetched but what it says of itself")
    func missing() throws {
        let hooked = try instance(["sh", "no-such-tool", "/bin/cat", "/opt/none/such", "/usr/share"])
        hooked.repository.requests = []
        var message = ""
        do { _ = try hooked.agent().update() } catch let fault as AgentFault {
            message = fault.message
            #expect(fault.code == .missingTool)
        }
        #expect(message.contains("no no-such-tool, /opt/none/such, /usr/share"), "\(message)")
        let targets = hooked.repository.requests.filter { $0.hasPrefix("targets/") }
        #expect(targets.allSatisfy { $0.hasSuffix("release.json") }, "\(targets)")
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.instance.names(in: "prefix/versions") == ["1.0"])
    }

    @Test("and that are here are no obstacle")
    func present() throws {
        let hooked = try instance(["sh", "/bin/cat"])
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }
}
