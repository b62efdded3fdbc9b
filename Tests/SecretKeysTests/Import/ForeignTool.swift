import Foundation
import SystemPackage
import Testing

/// A tool of the system, run as a person would; one that is not there is a failure that says what to install.
struct ForeignTool {
    static let sshKeygen = ForeignTool(name: "ssh-keygen", package: "openssh-client")
    static let minisign = ForeignTool(name: "minisign", package: "minisign")
    static let signify = ForeignTool(name: "signify-openbsd", package: "signify-openbsd")

    let name: String
    let package: String

    /// Runs in `folder` with `input` as standard input; fails the test unless the tool is content.
    ///
    /// With `memoryLimit` (KiB), minisign makes do with a cheaper key derivation, and says so in the key file.
    @discardableResult
    func run(_ arguments: [String], input: String = "", in folder: FilePath, memoryLimit: Int? = nil) throws -> String {
        let path = "/usr/bin/\(name)"
        try #require(
            FileManager.default.isExecutableFile(atPath: path), "\(name) is missing: install \(package), or make test")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let limit = memoryLimit.map { "ulimit -v \($0) && " } ?? ""
        process.arguments = ["-c", "\(limit)exec \"$@\"", "sh", path] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder.string]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.string)
        let (stdin, output) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(name) \(arguments): \(text)")
        return text
    }
}
