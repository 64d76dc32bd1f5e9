/* SPDX-License-Identifier: MIT */
/*
 * snmp.c - /proc/net/snmp and /proc/net/netstat
 *
 * Names and their order are Linux 6.18's, so that nstat, netstat and whoever
 * compares two snapshots by position see what they expect. What this stack has
 * no counter for stands at 0 (NONE).
 */

#include "core/tunable.h"
#include "core/view.h"
#include "ip/addr4.h"
#include "ip/mib.h"
#include "view/views.h"

#include <linux/icmp.h>

enum {
	NONE = 0, /* index 0 of each block is never counted */
};

struct field {
	const char *name;
	int index;
};

static const struct field tcp_ext[] = {
    {"SyncookiesSent", LINUX_MIB_SYNCOOKIESSENT},
    {"SyncookiesRecv", LINUX_MIB_SYNCOOKIESRECV},
    {"SyncookiesFailed", LINUX_MIB_SYNCOOKIESFAILED},
    {"EmbryonicRsts", LINUX_MIB_EMBRYONICRSTS},
    {"PruneCalled", LINUX_MIB_PRUNECALLED},
    {"RcvPruned", LINUX_MIB_RCVPRUNED},
    {"OfoPruned", LINUX_MIB_OFOPRUNED},
    {"OutOfWindowIcmps", LINUX_MIB_OUTOFWINDOWICMPS},
    {"LockDroppedIcmps", LINUX_MIB_LOCKDROPPEDICMPS},
    {"ArpFilter", LINUX_MIB_ARPFILTER},
    {"TW", LINUX_MIB_TIMEWAITED},
    {"TWRecycled", LINUX_MIB_TIMEWAITRECYCLED},
    {"TWKilled", LINUX_MIB_TIMEWAITKILLED},
    {"PAWSActive", LINUX_MIB_PAWSACTIVEREJECTED},
    {"PAWSEstab", LINUX_MIB_PAWSESTABREJECTED},
    {"BeyondWindow", NONE},
    {"TSEcrRejected", NONE},
    {"PAWSOldAck", NONE},
    {"PAWSTimewait", NONE},
    {"DelayedACKs", LINUX_MIB_DELAYEDACKS},
    {"DelayedACKLocked", LINUX_MIB_DELAYEDACKLOCKED},
    {"DelayedACKLost", LINUX_MIB_DELAYEDACKLOST},
    {"ListenOverflows", LINUX_MIB_LISTENOVERFLOWS},
    {"ListenDrops", LINUX_MIB_LISTENDROPS},
    {"TCPHPHits", LINUX_MIB_TCPHPHITS},
    {"TCPPureAcks", LINUX_MIB_TCPPUREACKS},
    {"TCPHPAcks", LINUX_MIB_TCPHPACKS},
    {"TCPRenoRecovery", LINUX_MIB_TCPRENORECOVERY},
    {"TCPSackRecovery", LINUX_MIB_TCPSACKRECOVERY},
    {"TCPSACKReneging", LINUX_MIB_TCPSACKRENEGING},
    {"TCPSACKReorder", LINUX_MIB_TCPSACKREORDER},
    {"TCPRenoReorder", LINUX_MIB_TCPRENOREORDER},
    {"TCPTSReorder", LINUX_MIB_TCPTSREORDER},
    {"TCPFullUndo", LINUX_MIB_TCPFULLUNDO},
    {"TCPPartialUndo", LINUX_MIB_TCPPARTIALUNDO},
    {"TCPDSACKUndo", LINUX_MIB_TCPDSACKUNDO},
    {"TCPLossUndo", LINUX_MIB_TCPLOSSUNDO},
    {"TCPLostRetransmit", LINUX_MIB_TCPLOSTRETRANSMIT},
    {"TCPRenoFailures", LINUX_MIB_TCPRENOFAILURES},
    {"TCPSackFailures", LINUX_MIB_TCPSACKFAILURES},
    {"TCPLossFailures", LINUX_MIB_TCPLOSSFAILURES},
    {"TCPFastRetrans", LINUX_MIB_TCPFASTRETRANS},
    {"TCPSlowStartRetrans", LINUX_MIB_TCPSLOWSTARTRETRANS},
    {"TCPTimeouts", LINUX_MIB_TCPTIMEOUTS},
    {"TCPLossProbes", LINUX_MIB_TCPLOSSPROBES},
    {"TCPLossProbeRecovery", LINUX_MIB_TCPLOSSPROBERECOVERY},
    {"TCPRenoRecoveryFail", LINUX_MIB_TCPRENORECOVERYFAIL},
    {"TCPSackRecoveryFail", LINUX_MIB_TCPSACKRECOVERYFAIL},
    {"TCPRcvCollapsed", LINUX_MIB_TCPRCVCOLLAPSED},
    {"TCPBacklogCoalesce", LINUX_MIB_TCPBACKLOGCOALESCE},
    {"TCPDSACKOldSent", LINUX_MIB_TCPDSACKOLDSENT},
    {"TCPDSACKOfoSent", LINUX_MIB_TCPDSACKOFOSENT},
    {"TCPDSACKRecv", LINUX_MIB_TCPDSACKRECV},
    {"TCPDSACKOfoRecv", LINUX_MIB_TCPDSACKOFORECV},
    {"TCPAbortOnData", LINUX_MIB_TCPABORTONDATA},
    {"TCPAbortOnClose", LINUX_MIB_TCPABORTONCLOSE},
    {"TCPAbortOnMemory", LINUX_MIB_TCPABORTONMEMORY},
    {"TCPAbortOnTimeout", LINUX_MIB_TCPABORTONTIMEOUT},
    {"TCPAbortOnLinger", LINUX_MIB_TCPABORTONLINGER},
    {"TCPAbortFailed", LINUX_MIB_TCPABORTFAILED},
    {"TCPMemoryPressures", LINUX_MIB_TCPMEMORYPRESSURES},
    {"TCPMemoryPressuresChrono", LINUX_MIB_TCPMEMORYPRESSURESCHRONO},
    {"TCPSACKDiscard", LINUX_MIB_TCPSACKDISCARD},
    {"TCPDSACKIgnoredOld", LINUX_MIB_TCPDSACKIGNOREDOLD},
    {"TCPDSACKIgnoredNoUndo", LINUX_MIB_TCPDSACKIGNOREDNOUNDO},
    {"TCPSpuriousRTOs", LINUX_MIB_TCPSPURIOUSRTOS},
    {"TCPMD5NotFound", LINUX_MIB_TCPMD5NOTFOUND},
    {"TCPMD5Unexpected", LINUX_MIB_TCPMD5UNEXPECTED},
    {"TCPMD5Failure", LINUX_MIB_TCPMD5FAILURE},
    {"TCPSackShifted", LINUX_MIB_SACKSHIFTED},
    {"TCPSackMerged", LINUX_MIB_SACKMERGED},
    {"TCPSackShiftFallback", LINUX_MIB_SACKSHIFTFALLBACK},
    {"TCPBacklogDrop", LINUX_MIB_TCPBACKLOGDROP},
    {"PFMemallocDrop", LINUX_MIB_PFMEMALLOCDROP},
    {"TCPMinTTLDrop", LINUX_MIB_TCPMINTTLDROP},
    {"TCPDeferAcceptDrop", LINUX_MIB_TCPDEFERACCEPTDROP},
    {"IPReversePathFilter", LINUX_MIB_IPRPFILTER},
    {"TCPTimeWaitOverflow", LINUX_MIB_TCPTIMEWAITOVERFLOW},
    {"TCPReqQFullDoCookies", LINUX_MIB_TCPREQQFULLDOCOOKIES},
    {"TCPReqQFullDrop", LINUX_MIB_TCPREQQFULLDROP},
    {"TCPRetransFail", LINUX_MIB_TCPRETRANSFAIL},
    {"TCPRcvCoalesce", LINUX_MIB_TCPRCVCOALESCE},
    {"TCPOFOQueue", LINUX_MIB_TCPOFOQUEUE},
    {"TCPOFODrop", LINUX_MIB_TCPOFODROP},
    {"TCPOFOMerge", LINUX_MIB_TCPOFOMERGE},
    {"TCPChallengeACK", LINUX_MIB_TCPCHALLENGEACK},
    {"TCPSYNChallenge", LINUX_MIB_TCPSYNCHALLENGE},
    {"TCPFastOpenActive", LINUX_MIB_TCPFASTOPENACTIVE},
    {"TCPFastOpenActiveFail", LINUX_MIB_TCPFASTOPENACTIVEFAIL},
    {"TCPFastOpenPassive", LINUX_MIB_TCPFASTOPENPASSIVE},
    {"TCPFastOpenPassiveFail", LINUX_MIB_TCPFASTOPENPASSIVEFAIL},
    {"TCPFastOpenListenOverflow", LINUX_MIB_TCPFASTOPENLISTENOVERFLOW},
    {"TCPFastOpenCookieReqd", LINUX_MIB_TCPFASTOPENCOOKIEREQD},
    {"TCPFastOpenBlackhole", LINUX_MIB_TCPFASTOPENBLACKHOLE},
    {"TCPSpuriousRtxHostQueues", LINUX_MIB_TCPSPURIOUS_RTX_HOSTQUEUES},
    {"BusyPollRxPackets", LINUX_MIB_BUSYPOLLRXPACKETS},
    {"TCPAutoCorking", LINUX_MIB_TCPAUTOCORKING},
    {"TCPFromZeroWindowAdv", LINUX_MIB_TCPFROMZEROWINDOWADV},
    {"TCPToZeroWindowAdv", LINUX_MIB_TCPTOZEROWINDOWADV},
    {"TCPWantZeroWindowAdv", LINUX_MIB_TCPWANTZEROWINDOWADV},
    {"TCPSynRetrans", LINUX_MIB_TCPSYNRETRANS},
    {"TCPOrigDataSent", LINUX_MIB_TCPORIGDATASENT},
    {"TCPHystartTrainDetect", LINUX_MIB_TCPHYSTARTTRAINDETECT},
    {"TCPHystartTrainCwnd", LINUX_MIB_TCPHYSTARTTRAINCWND},
    {"TCPHystartDelayDetect", LINUX_MIB_TCPHYSTARTDELAYDETECT},
    {"TCPHystartDelayCwnd", LINUX_MIB_TCPHYSTARTDELAYCWND},
    {"TCPACKSkippedSynRecv", LINUX_MIB_TCPACKSKIPPEDSYNRECV},
    {"TCPACKSkippedPAWS", LINUX_MIB_TCPACKSKIPPEDPAWS},
    {"TCPACKSkippedSeq", LINUX_MIB_TCPACKSKIPPEDSEQ},
    {"TCPACKSkippedFinWait2", LINUX_MIB_TCPACKSKIPPEDFINWAIT2},
    {"TCPACKSkippedTimeWait", LINUX_MIB_TCPACKSKIPPEDTIMEWAIT},
    {"TCPACKSkippedChallenge", LINUX_MIB_TCPACKSKIPPEDCHALLENGE},
    {"TCPWinProbe", LINUX_MIB_TCPWINPROBE},
    {"TCPKeepAlive", LINUX_MIB_TCPKEEPALIVE},
    {"TCPMTUPFail", LINUX_MIB_TCPMTUPFAIL},
    {"TCPMTUPSuccess", LINUX_MIB_TCPMTUPSUCCESS},
    {"TCPDelivered", LINUX_MIB_TCPDELIVERED},
    {"TCPDeliveredCE", LINUX_MIB_TCPDELIVEREDCE},
    {"TCPAckCompressed", LINUX_MIB_TCPACKCOMPRESSED},
    {"TCPZeroWindowDrop", LINUX_MIB_TCPZEROWINDOWDROP},
    {"TCPRcvQDrop", LINUX_MIB_TCPRCVQDROP},
    {"TCPWqueueTooBig", LINUX_MIB_TCPWQUEUETOOBIG},
    {"TCPFastOpenPassiveAltKey", LINUX_MIB_TCPFASTOPENPASSIVEALTKEY},
    {"TcpTimeoutRehash", LINUX_MIB_TCPTIMEOUTREHASH},
    {"TcpDuplicateDataRehash", LINUX_MIB_TCPDUPLICATEDATAREHASH},
    {"TCPDSACKRecvSegs", LINUX_MIB_TCPDSACKRECVSEGS},
    {"TCPDSACKIgnoredDubious", LINUX_MIB_TCPDSACKIGNOREDDUBIOUS},
    {"TCPMigrateReqSuccess", LINUX_MIB_TCPMIGRATEREQSUCCESS},
    {"TCPMigrateReqFailure", LINUX_MIB_TCPMIGRATEREQFAILURE},
    {"TCPPLBRehash", NONE},
    {"TCPAORequired", NONE},
    {"TCPAOBad", NONE},
    {"TCPAOKeyNotFound", NONE},
    {"TCPAOGood", NONE},
    {"TCPAODroppedIcmps", NONE},
};

static const struct field ip_ext[] = {
    {"InNoRoutes", IPSTATS_MIB_INNOROUTES},
    {"InTruncatedPkts", IPSTATS_MIB_INTRUNCATEDPKTS},
    {"InMcastPkts", IPSTATS_MIB_INMCASTPKTS},
    {"OutMcastPkts", IPSTATS_MIB_OUTMCASTPKTS},
    {"InBcastPkts", IPSTATS_MIB_INBCASTPKTS},
    {"OutBcastPkts", IPSTATS_MIB_OUTBCASTPKTS},
    {"InOctets", IPSTATS_MIB_INOCTETS},
    {"OutOctets", IPSTATS_MIB_OUTOCTETS},
    {"InMcastOctets", IPSTATS_MIB_INMCASTOCTETS},
    {"OutMcastOctets", IPSTATS_MIB_OUTMCASTOCTETS},
    {"InBcastOctets", IPSTATS_MIB_INBCASTOCTETS},
    {"OutBcastOctets", IPSTATS_MIB_OUTBCASTOCTETS},
    {"InCsumErrors", IPSTATS_MIB_CSUMERRORS},
    {"InNoECTPkts", IPSTATS_MIB_NOECTPKTS},
    {"InECT1Pkts", IPSTATS_MIB_ECT1PKTS},
    {"InECT0Pkts", IPSTATS_MIB_ECT0PKTS},
    {"InCEPkts", IPSTATS_MIB_CEPKTS},
    {"ReasmOverlaps", IPSTATS_MIB_REASM_OVERLAPS},
};

static const struct field ip_fields[] = {
    {"InReceives", IPSTATS_MIB_INPKTS},
    {"InHdrErrors", IPSTATS_MIB_INHDRERRORS},
    {"InAddrErrors", IPSTATS_MIB_INADDRERRORS},
    {"ForwDatagrams", IPSTATS_MIB_OUTFORWDATAGRAMS},
    {"InUnknownProtos", IPSTATS_MIB_INUNKNOWNPROTOS},
    {"InDiscards", IPSTATS_MIB_INDISCARDS},
    {"InDelivers", IPSTATS_MIB_INDELIVERS},
    {"OutRequests", IPSTATS_MIB_OUTPKTS},
    {"OutDiscards", IPSTATS_MIB_OUTDISCARDS},
    {"OutNoRoutes", IPSTATS_MIB_OUTNOROUTES},
    {"ReasmTimeout", IPSTATS_MIB_REASMTIMEOUT},
    {"ReasmReqds", IPSTATS_MIB_REASMREQDS},
    {"ReasmOKs", IPSTATS_MIB_REASMOKS},
    {"ReasmFails", IPSTATS_MIB_REASMFAILS},
    {"FragOKs", IPSTATS_MIB_FRAGOKS},
    {"FragFails", IPSTATS_MIB_FRAGFAILS},
    {"FragCreates", IPSTATS_MIB_FRAGCREATES},
    {"OutTransmits", IPSTATS_MIB_OUTPKTS},
};

static const struct field icmp_fields[] = {
    {"InMsgs", ICMP_MIB_INMSGS},
    {"InErrors", ICMP_MIB_INERRORS},
    {"InCsumErrors", ICMP_MIB_CSUMERRORS},
    {"InDestUnreachs", ICMP_MIB_INDESTUNREACHS},
    {"InTimeExcds", ICMP_MIB_INTIMEEXCDS},
    {"InParmProbs", ICMP_MIB_INPARMPROBS},
    {"InSrcQuenchs", ICMP_MIB_INSRCQUENCHS},
    {"InRedirects", ICMP_MIB_INREDIRECTS},
    {"InEchos", ICMP_MIB_INECHOS},
    {"InEchoReps", ICMP_MIB_INECHOREPS},
    {"InTimestamps", ICMP_MIB_INTIMESTAMPS},
    {"InTimestampReps", ICMP_MIB_INTIMESTAMPREPS},
    {"InAddrMasks", ICMP_MIB_INADDRMASKS},
    {"InAddrMaskReps", ICMP_MIB_INADDRMASKREPS},
    {"OutMsgs", ICMP_MIB_OUTMSGS},
    {"OutErrors", ICMP_MIB_OUTERRORS},
    {"OutRateLimitGlobal", MIB_ICMP_LIMITED_ALL},
    {"OutRateLimitHost", MIB_ICMP_LIMITED_HOST},
    {"OutDestUnreachs", ICMP_MIB_OUTDESTUNREACHS},
    {"OutTimeExcds", ICMP_MIB_OUTTIMEEXCDS},
    {"OutParmProbs", ICMP_MIB_OUTPARMPROBS},
    {"OutSrcQuenchs", ICMP_MIB_OUTSRCQUENCHS},
    {"OutRedirects", ICMP_MIB_OUTREDIRECTS},
    {"OutEchos", ICMP_MIB_OUTECHOS},
    {"OutEchoReps", ICMP_MIB_OUTECHOREPS},
    {"OutTimestamps", ICMP_MIB_OUTTIMESTAMPS},
    {"OutTimestampReps", ICMP_MIB_OUTTIMESTAMPREPS},
    {"OutAddrMasks", ICMP_MIB_OUTADDRMASKS},
    {"OutAddrMaskReps", ICMP_MIB_OUTADDRMASKREPS},
};

static const struct field tcp_fields[] = {
    {"ActiveOpens", TCP_MIB_ACTIVEOPENS},
    {"PassiveOpens", TCP_MIB_PASSIVEOPENS},
    {"AttemptFails", TCP_MIB_ATTEMPTFAILS},
    {"EstabResets", TCP_MIB_ESTABRESETS},
    {"CurrEstab", TCP_MIB_CURRESTAB},
    {"InSegs", TCP_MIB_INSEGS},
    {"OutSegs", TCP_MIB_OUTSEGS},
    {"RetransSegs", TCP_MIB_RETRANSSEGS},
    {"InErrs", TCP_MIB_INERRS},
    {"OutRsts", TCP_MIB_OUTRSTS},
    {"InCsumErrors", TCP_MIB_CSUMERRORS},
};

static const struct field udp_fields[] = {
    {"InDatagrams", UDP_MIB_INDATAGRAMS},   {"NoPorts", UDP_MIB_NOPORTS},
    {"InErrors", UDP_MIB_INERRORS},	    {"OutDatagrams", UDP_MIB_OUTDATAGRAMS},
    {"RcvbufErrors", UDP_MIB_RCVBUFERRORS}, {"SndbufErrors", UDP_MIB_SNDBUFERRORS},
    {"InCsumErrors", UDP_MIB_CSUMERRORS},   {"IgnoredMulti", UDP_MIB_IGNOREDMULTI},
    {"MemErrors", UDP_MIB_MEMERRORS},
};

static const char *const mptcp_names[] = {
    "MPCapableSYNRX",
    "MPCapableSYNTX",
    "MPCapableSYNACKRX",
    "MPCapableACKRX",
    "MPCapableFallbackACK",
    "MPCapableFallbackSYNACK",
    "MPCapableSYNTXDrop",
    "MPCapableSYNTXDisabled",
    "MPCapableEndpAttempt",
    "MPFallbackTokenInit",
    "MPTCPRetrans",
    "MPJoinNoTokenFound",
    "MPJoinSynRx",
    "MPJoinSynBackupRx",
    "MPJoinSynAckRx",
    "MPJoinSynAckBackupRx",
    "MPJoinSynAckHMacFailure",
    "MPJoinAckRx",
    "MPJoinAckHMacFailure",
    "MPJoinRejected",
    "MPJoinSynTx",
    "MPJoinSynTxCreatSkErr",
    "MPJoinSynTxBindErr",
    "MPJoinSynTxConnectErr",
    "DSSNotMatching",
    "DSSCorruptionFallback",
    "DSSCorruptionReset",
    "InfiniteMapTx",
    "InfiniteMapRx",
    "DSSNoMatchTCP",
    "DataCsumErr",
    "OFOQueueTail",
    "OFOQueue",
    "OFOMerge",
    "NoDSSInWindow",
    "DuplicateData",
    "AddAddr",
    "AddAddrTx",
    "AddAddrTxDrop",
    "EchoAdd",
    "EchoAddTx",
    "EchoAddTxDrop",
    "PortAdd",
    "AddAddrDrop",
    "MPJoinPortSynRx",
    "MPJoinPortSynAckRx",
    "MPJoinPortAckRx",
    "MismatchPortSynRx",
    "MismatchPortAckRx",
    "RmAddr",
    "RmAddrDrop",
    "RmAddrTx",
    "RmAddrTxDrop",
    "RmSubflow",
    "MPPrioTx",
    "MPPrioRx",
    "MPFailTx",
    "MPFailRx",
    "MPFastcloseTx",
    "MPFastcloseRx",
    "MPRstTx",
    "MPRstRx",
    "SubflowStale",
    "SubflowRecover",
    "SndWndShared",
    "RcvWndShared",
    "RcvWndConflictUpdate",
    "RcvWndConflict",
    "MPCurrEstab",
    "Blackhole",
    "MPCapableDataFallback",
    "MD5SigFallback",
    "DssFallback",
    "SimultConnectFallback",
    "FallbackFailed",
    "WinProbe",
};

/* One group: a line of names, a line of values. @first: what stands before the fields
 */
static void put_group(struct text *out, const char *group, const char *first_names,
		      const char *first_values, const struct field *fields, size_t n,
		      const u64 *values)
{
	text_printf(out, "%s:%s", group, first_names);
	for (size_t i = 0; i < n; i++)
		text_printf(out, " %s", fields[i].name);
	text_printf(out, "\n%s:%s", group, first_values);
	for (size_t i = 0; i < n; i++)
		text_printf(out, " %llu",
			    (unsigned long long)(values ? values[fields[i].index] : 0));
	text_printf(out, "\n");
}

/* Message types that have a name of their own beside their number */
static const struct {
	u8 type, in, out;
} icmp_types[] = {
    {ICMP_DEST_UNREACH, ICMP_MIB_INDESTUNREACHS, ICMP_MIB_OUTDESTUNREACHS},
    {ICMP_TIME_EXCEEDED, ICMP_MIB_INTIMEEXCDS, ICMP_MIB_OUTTIMEEXCDS},
    {ICMP_PARAMETERPROB, ICMP_MIB_INPARMPROBS, ICMP_MIB_OUTPARMPROBS},
    {ICMP_SOURCE_QUENCH, ICMP_MIB_INSRCQUENCHS, ICMP_MIB_OUTSRCQUENCHS},
    {ICMP_REDIRECT, ICMP_MIB_INREDIRECTS, ICMP_MIB_OUTREDIRECTS},
    {ICMP_ECHO, ICMP_MIB_INECHOS, ICMP_MIB_OUTECHOS},
    {ICMP_ECHOREPLY, ICMP_MIB_INECHOREPS, ICMP_MIB_OUTECHOREPS},
    {ICMP_TIMESTAMP, ICMP_MIB_INTIMESTAMPS, ICMP_MIB_OUTTIMESTAMPS},
    {ICMP_TIMESTAMPREPLY, ICMP_MIB_INTIMESTAMPREPS, ICMP_MIB_OUTTIMESTAMPREPS},
    {ICMP_ADDRESS, ICMP_MIB_INADDRMASKS, ICMP_MIB_OUTADDRMASKS},
    {ICMP_ADDRESSREPLY, ICMP_MIB_INADDRMASKREPS, ICMP_MIB_OUTADDRMASKREPS},
};

static void put_icmp(struct text *out, const struct mib *m)
{
	u64 v[MIB_ICMP_NR] = {0};

	if (m) {
		memcpy(v, m->icmp, sizeof(v));
		for (size_t i = 0; i < ARRAY_SIZE(icmp_types); i++) {
			v[icmp_types[i].in] = m->icmp_in[icmp_types[i].type];
			v[icmp_types[i].out] = m->icmp_out[icmp_types[i].type];
		}
	}
	put_group(out, "Icmp", "", "", icmp_fields, ARRAY_SIZE(icmp_fields), v);
}

static void put_icmp_types(struct text *out, const struct mib *m)
{
	bool any = false;

	for (int pass = 0; m && pass < 2; pass++) {
		for (int i = 0; i < 2 * MIB_ICMP_TYPES; i++) {
			bool in = i < MIB_ICMP_TYPES;
			int type = i % MIB_ICMP_TYPES;
			u64 v = in ? m->icmp_in[type] : m->icmp_out[type];

			if (!v)
				continue;
			if (!any)
				text_printf(out, "IcmpMsg:");
			any = true;
			if (pass)
				text_printf(out, " %llu", (unsigned long long)v);
			else
				text_printf(out, " %sType%d", in ? "In" : "Out", type);
		}
		if (any)
			text_printf(out, "\n");
		any = false;
	}
}

static int default_ttl(struct net *net)
{
	struct text t;
	s64 v = 64;

	text_init(&t);
	if (!tunable_read(net, "net/ipv4/ip_default_ttl", &t) && t.s) {
		t.s[strcspn(t.s, "\n")] = 0;
		text_parse_s64(t.s, &v);
	}
	text_fini(&t);
	return (int)v;
}

static int snmp_text(struct net *net, const char *rel, struct text *out)
{
	const struct mib *m = mib_peek(net);
	char ip[64];

	(void)rel;
	text_format(ip, sizeof(ip), " %d %d",
		    conf4_raw(net, NULL, 0, CONF4_FORWARDING) ? 1 : 2,
		    default_ttl(net));
	put_group(out, "Ip", " Forwarding DefaultTTL", ip, ip_fields,
		  ARRAY_SIZE(ip_fields), m ? m->ip : NULL);
	put_icmp(out, m);
	put_icmp_types(out, m);
	put_group(out, "Tcp", " RtoAlgorithm RtoMin RtoMax MaxConn", " 1 200 120000 -1",
		  tcp_fields, ARRAY_SIZE(tcp_fields), m ? m->tcp : NULL);
	put_group(out, "Udp", "", "", udp_fields, ARRAY_SIZE(udp_fields),
		  m ? m->udp : NULL);
	put_group(out, "UdpLite", "", "", udp_fields, ARRAY_SIZE(udp_fields), NULL);
	return 0;
}

static int netstat_text(struct net *net, const char *rel, struct text *out)
{
	const struct mib *m = mib_peek(net);

	(void)rel;
	put_group(out, "TcpExt", "", "", tcp_ext, ARRAY_SIZE(tcp_ext),
		  m ? m->ext : NULL);
	put_group(out, "IpExt", "", "", ip_ext, ARRAY_SIZE(ip_ext), m ? m->ip : NULL);
	text_printf(out, "MPTcpExt:");
	for (size_t i = 0; i < ARRAY_SIZE(mptcp_names); i++)
		text_printf(out, " %s", mptcp_names[i]);
	text_printf(out, "\nMPTcpExt:");
	for (size_t i = 0; i < ARRAY_SIZE(mptcp_names); i++)
		text_printf(out, " 0");
	text_printf(out, "\n");
	return 0;
}

static const struct view snmp_views[] = {
    {.path = "net/snmp", .text = snmp_text},
    {.path = "net/netstat", .text = netstat_text},
};

static int snmp_boot(struct warren *w)
{
	return views_register(w, &snmp_part, snmp_views, ARRAY_SIZE(snmp_views));
}

const struct part snmp_part = {
    .name = "snmp",
    .id = PART_SNMP,
    .boot = snmp_boot,
};
