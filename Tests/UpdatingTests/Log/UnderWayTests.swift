import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

/// The log and the metadata are replaced one after the other; somebody in between sees them disagree.
@Suite struct UnderWayTests {
    /// 1.1 is published and logged, and the mirror goes on serving the timestamp before.
    private func behind() throws -> LoggedInstance {
        let logged = try LoggedInstance()
        let old = try #require(logged.repository.simulator.file(named: "timestamp.json"))
        try logged.repository.add("1.1", Sample.second)
        logged.repository.simulator.bend["timestamp.json"] = { _ in old }
        return logged
    }

    @Test("more logged than offered: waits for an hour from when that was first seen, then refuses; then goes on")
    func withheld() throws {
        var logged = try behind()
        let first = try logged.refusesUpdate("log/publication-under-way", remembering: true)
        #expect(first?.family.exitStatus == 1)
        #expect(logged.repository.requests.filter { $0 == "log/checkpoint" }.count == 2)
        #expect(try logged.instance.rememberedLog()?.state.size == logged.log.size)
        logged.wait(3600)
        let status = try #require(try logged.instance.agent().status().log)
        #expect(status.aheadSince == RepositorySimulator.now)
        #expect(code { try logged.instance.agent().update() } == "log/publication-under-way")
        logged.wait(1)
        let fault = try logged.refusesUpdate("log/withheld")
        #expect(fault?.family.exitStatus == 3)
        #expect(fault?.hint?.contains("--accept-unwitnessed") == false)
        logged.repository.simulator.bend = [:]
        try logged.updates()
        #expect(try logged.instance.agent().status().log?.aheadSince == nil)
    }

    @Test("new publications do not begin the hour anew")
    func withheldOn() throws {
        var logged = try behind()
        try logged.refusesUpdate("log/publication-under-way", remembering: true)
        logged.wait(3000)
        try logged.repository.add("1.2", Sample.third)
        try logged.refusesUpdate("log/publication-under-way", remembering: true)
        logged.wait(3000)
        try logged.refusesUpdate("log/withheld")
    }

    @Test(
        "a publication that comes to its end between two looks disturbs nobody", arguments: ["timestamp.json", "log"])
    func raced(late: String) throws {
        let logged = try LoggedInstance()
        let simulator = logged.repository.simulator
        let old = try #require(simulator.file(named: "timestamp.json"))
        let oldNote = try #require(logged.log.files["log/checkpoint"])
        try logged.repository.add("1.1", Sample.second)
        if late == "log" {
            logged.log.bend["log/checkpoint"] = { [log = logged.log] in
                log.requests.filter { $0 == "log/checkpoint" }.count % 2 == 1 ? oldNote : $0
            }
            logged.log.requests = []
        } else {
            simulator.bend["timestamp.json"] = {
                simulator.requests.filter { $0 == "timestamp.json" }.count % 2 == 1 ? old : $0
            }
        }
        logged.repository.requests = []
        try logged.updates()
    }
}
