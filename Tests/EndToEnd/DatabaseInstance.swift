import Foundation
import SystemPackage
import TestSupport
import Testing

/// An instance whose product keeps its mail in a PostgreSQL. The programs of its releases are those of
/// Documentation/instance.md, word by word; what runs the product is a command of the administrator's, which leaves a line
/// in a file and a row in the database each time.
final class DatabaseInstance {
    let association: Association
    let database: PostgreSQL
    private var server: Server?

    /// With 1.0 installed, and three rows besides those of the services.
    init() throws {
        association = try Association()
        database = try PostgreSQL()
        try association.folder.write(database.settings, to: "instance/prefix/shared/database")
        try publish("1.0", up: Self.first, query: "SELECT subject FROM suite.mail")
        let server = try Server(URL(fileURLWithPath: association.releases))
        self.server = server
        try association.configure(mirrors: server.address)
        try configureServices()
        try association.initialiseAgent()
        let installed = try association.agent("update")
        try #require(installed.status == 0, "\(installed.errors)")
        _ = try database.rows("INSERT INTO suite.mail (subject) VALUES ('one'), ('two'), ('three')")
    }

    private static let first = """
        CREATE SCHEMA IF NOT EXISTS suite;
        CREATE TABLE IF NOT EXISTS suite.mail (id serial PRIMARY KEY, subject text NOT NULL);
        """

    private func configureServices() throws {
        let control = try program(
            """
            #!/bin/sh
            set -eu
            . "$SCEAU_SHARED/database"
            said="$1 $(basename "$(readlink "$SCEAU_PREFIX/current")")"
            echo "$said" >>"$SCEAU_SHARED/services.txt"
            psql --no-psqlrc --quiet --command="INSERT INTO suite.mail (subject) VALUES ('$said')"
            """, to: "control")
        let before = try #require(try association.folder.read("instance/agent.yaml"))
        try association.folder.write(
            String(decoding: before, as: UTF8.self)
                + "services: {through: commands, start: [\(control), start], stop: [\(control), stop]}\n",
            to: "instance/agent.yaml")
    }

    // MARK: releases

    /// Publishes a release that changes the database by `up`, and is healthy when `query` can be asked.
    ///
    /// - Parameter install: the page's install file, changed.
    func publish(_ version: String, up: String, query: String, install: (String) -> String = { $0 }) throws {
        let tree = "tree-\(version)"
        try association.folder.write(up, to: "\(tree)/sql/up.sql")
        try association.folder.write("mail suite \(version)\n", to: "\(tree)/README")
        for hook in ["pre", "migrate", "undo", "health"] {
            var text = try Self.shown("suite/hooks/\(hook)")
            if hook == "health" {
                try #require(text.contains(Self.shownQuery))
                text = text.replacing(Self.shownQuery, with: query)
            }
            try program(text, to: "\(tree)/hooks/\(hook)")
        }
        let file = try association.folder.write(install(try Self.shown("database.yaml")), to: "install.yaml")
        try association.check(
            Tool.sceau,
            [
                "release", "add", association.folder.path(tree).string, "--workspace", association.workspace,
                "--channel", "stable", "--version", version, "--install", file.string,
            ])
        try association.sign("alice", "bob")
        try association.publish()
        try server?.awaitPublication(from: association.releases)
    }

    private static let shownQuery = "SELECT subject, is_read FROM suite.mail LIMIT 1"

    @discardableResult
    private func program(_ text: String, to name: String) throws -> String {
        let file = try association.folder.write(text, to: name).string
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return file
    }

    /// A file that the page shows.
    private static func shown(_ name: String) throws -> String {
        let page = try String(contentsOfFile: "Documentation/instance.md", encoding: .utf8)
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let begin = lines.firstIndex { $0.hasPrefix("```") && $0.hasSuffix(" \(name)") }
        let rest = lines[(try #require(begin, "the page does not show \(name)") + 1)...]
        return rest.prefix { $0 != "```" }.joined(separator: "\n") + "\n"
    }

    // MARK: what is there

    func subjects() throws -> [String] { try database.rows("SELECT subject FROM suite.mail ORDER BY id") }

    /// What was done with the services, in turn.
    func services() throws -> [String] {
        let said = try association.folder.read("instance/prefix/shared/services.txt") ?? []
        return String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func sharedFiles() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: association.prefix + "/shared"))
    }
}
