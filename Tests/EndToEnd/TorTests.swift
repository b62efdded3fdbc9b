import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Through a SOCKS proxy, as through Tor")
struct TorTests {
    @Test func `the agent updates from a mirror whose name only the proxy knows`() throws {
        let association = try Association()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        let port = try #require(server.address.split(separator: ":").last?.dropLast())
        let proxy = try SOCKSServer(names: ["releases.invalid"], scratch: association.folder)
        let onion = "http://\(String(repeating: "a", count: 56)).onion/"
        try association.configure(mirrors: "http://releases.invalid:\(port)/")
        try association.initialiseAgent()
        try association.append("proxy: \(proxy.address)\n")
        let result = try association.agent("update")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try association.installed() == "mail suite 2.11.1\n")

        // An onion address alone, and no proxy: said in plain words, and nothing is asked.
        try association.configure(mirrors: onion)
        let refused = try association.agent("check")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("[transport/onion-without-tor]"), "\(refused.errors)")
        #expect(refused.errors.contains("set the proxy to socks5h://127.0.0.1:9050"), "\(refused.errors)")
    }

    @Test func `tor takes the configurations that we recommend`() throws {
        let page = try String(contentsOfFile: "Documentation/fetching.md", encoding: .utf8)
        let blocks = page.components(separatedBy: "```torrc\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(blocks.count == 2)
        let folder = try TemporaryFolder()
        let tor = try Tool.system("tor")
        for (number, block) in blocks.enumerated() {
            // Only the folder is another: that one belongs to a user that this machine may not have.
            let text = block.replacingOccurrences(of: "/var/lib/tor/sceau", with: folder.path("service").string)
            let file = try folder.write(text, to: "torrc-\(number)")
            let result = try tor.run([
                "--verify-config", "-f", file.string, "--DataDirectory", folder.path("data").string,
                "--defaults-torrc", "/dev/null",
            ])
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            #expect(result.output.contains("Configuration was valid"), "\(result.output)")
        }
        // And it does read them.
        let file = try folder.write("SocksPrt 127.0.0.1:9050\n", to: "torrc-wrong")
        #expect(try tor.run(["--verify-config", "-f", file.string]).status != 0)
    }
}

extension Association {
    fileprivate func append(_ text: String) throws {
        let before = try #require(try folder.read("instance/agent.yaml"))
        try folder.write(before + Array(text.utf8), to: "instance/agent.yaml")
    }
}
