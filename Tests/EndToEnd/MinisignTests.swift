import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

@Suite("For everyone without Sceau")
struct MinisignTests {
    private static let archive = "mail-suite-2.12.0.tar.zst"
    private static let comment =
        "product:mail-suite version:2.12.0 channel:stable time:"

    private func minisign(_ arguments: String..., in folder: URL? = nil) throws -> Tool.Result {
        try Tool.system("minisign").run(arguments, in: folder)
    }

    /// The files of the release as they stand on the server, by the name after their digest.
    private func served(_ association: Association) throws -> [String: String] {
        let folder = "\(association.releases)/targets/mail-suite/stable/2.12.0"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Dictionary(uniqueKeysWithValues: names.map { (String($0.dropFirst(65)), "\(folder)/\($0)") })
    }

    private func publicKey(_ association: Association) throws -> String {
        let text = String(
            decoding: try #require(try association.folder.read("workspace/Keys/minisign.pub")), as: UTF8.self)
        return String(try #require(text.split(separator: "\n").last))
    }

    @Test func `minisign verifies the archive as it was downloaded, and says what it is`() throws {
        let association = try Association(releasePassphrase: "a passphrase for releases")
        try association.add(
            "2.12.0", ["--release-passphrase-file", association.folder.path("release-passphrase").string])
        try association.sign("alice", "carol")
        try association.publish()
        let files = try served(association)
        let archive = try #require(files[Self.archive])
        let signature = try #require(files[Self.archive + ".minisig"])
        let result = try minisign("-Vm", archive, "-x", signature, "-P", publicKey(association))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("Trusted comment: \(Self.comment)"), "\(result.output)")
        #expect(result.output.contains(" file:\(Self.archive)\n"))
        let file = association.folder.path("workspace/Keys/minisign.pub").string
        #expect(try minisign("-Vm", archive, "-x", signature, "-p", file).status == 0)

        let stranger = association.folder.path("stranger").string
        #expect(try minisign("-G", "-W", "-p", stranger + ".pub", "-s", stranger + ".key").status == 0)
        #expect(try minisign("-Vm", archive, "-x", signature, "-p", stranger + ".pub").status == 1)
        try checkWithoutDigestsInNames(association, files)
    }

    /// Then sha256sum and minisign need no more words.
    private func checkWithoutDigestsInNames(_ association: Association, _ files: [String: String]) throws {
        let folder = URL(fileURLWithPath: association.folder.path("downloads").string)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, path) in files {
            try FileManager.default.copyItem(atPath: path, toPath: folder.appendingPathComponent(name).path)
        }
        let sums = try Tool.system("sha256sum").run(["--strict", "-c", "SHA256SUMS"], in: folder)
        #expect(sums.status == 0, "\(sums.errors)")
        #expect(sums.output.split(separator: "\n").count == files.count - 1)
        let key = try publicKey(association)
        #expect(try minisign("-Vm", Self.archive, "-P", key, in: folder).status == 0)

        let archive = folder.appendingPathComponent(Self.archive)
        var bytes = try Data(contentsOf: archive)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: archive)
        #expect(try minisign("-Vm", Self.archive, "-P", key, in: folder).status == 1)
        #expect(try Tool.system("sha256sum").run(["-c", "SHA256SUMS"], in: folder).status == 1)
    }

    @Test func `what minisign signs with a key of its own, our code verifies`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("a file of theirs\n", to: "file")
        let (key, secret) = (folder.path("k.pub").string, folder.path("k.key").string)
        #expect(try minisign("-G", "-W", "-p", key, "-s", secret).status == 0)
        #expect(try minisign("-S", "-s", secret, "-m", file.string, "-t", "their comment").status == 0)
        let theirs = try MinisignKey.decode(try #require(try folder.read("k.pub")))
        let signature = try #require(try folder.read("file.minisig"))
        let digest = BLAKE2bHasher.digest(of: Array("a file of theirs\n".utf8))
        #expect(try MinisignSignature.decode(signature).verify(digest: digest, by: theirs) == "their comment")
        #expect(String(decoding: theirs.encoded, as: UTF8.self).hasSuffix("\n\(theirs.line)\n"))

        #expect(try minisign("-S", "-l", "-s", secret, "-m", file.string, "-x", file.string + ".old").status == 0)
        let old = try #require(try folder.read("file.old"))
        let fault = #expect(throws: MinisignFault.self) { try MinisignSignature.decode(old) }
        #expect(fault?.code == .legacy)
    }

    @Test func `release add asks for the release key, remembers it, and takes no other`() throws {
        let association = try Association(releasePassphrase: "a passphrase for releases")
        let passphrase = association.folder.path("release-passphrase").string
        let base = [
            "release", "add", try association.makeTree("1.0"), "--workspace", association.workspace, "--channel",
            "stable", "--version", "1.0",
        ]
        let without = try Tool.sceau.run(base)
        #expect(without.status == 64)
        #expect(without.errors.contains("[key/passphrase-needed]"), "\(without.errors)")
        #expect(without.errors.contains("hint: give --release-passphrase-file FILE"), "\(without.errors)")

        try FileManager.default.removeItem(
            atPath: association.folder.path("workspace/Keys/.release-key").string)
        let unknown = try Tool.sceau.run(base)
        #expect(unknown.status == 64)
        #expect(unknown.errors.contains("[publish/no-release-key]"), "\(unknown.errors)")
        #expect(unknown.errors.contains("hint: name it with --release-key FILE"), "\(unknown.errors)")

        let wrong = try Tool.sceau.run(base + ["--release-key", association.key("alice")])
        #expect(wrong.status == 3)
        #expect(wrong.errors.contains("[publish/wrong-release-key]"), "\(wrong.errors)")
        #expect(try association.folder.read("workspace/Keys/.release-key") == nil)
        #expect(try association.files(below: "workspace/Staged/targets").isEmpty)

        let right = try Tool.sceau.run(
            base + ["--release-key", association.key("releases"), "--release-passphrase-file", passphrase])
        #expect(right.status == 0, "\(right.errors)")
        #expect(right.output.contains("signed the archive for everyone without Sceau: mail-suite-1.0.tar.zst.minisig"))
        let note = try association.folder.read("workspace/Keys/.release-key")
        #expect(note == Array("\(association.key("releases"))\n".utf8))
    }
}
