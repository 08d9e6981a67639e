"""The words of a subject. Only how many there are counts, so a word may be common elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class Subject(StrEnum):
    """Each is a letter, so that the subjects of a text are a text too, and are counted as its letters are."""

    CODE = "c"
    CODE_OBJECT = "o"
    HARD_CODE = "h"
    MATHEMATICS = "M"
    SCIENCE = "S"
    MEDICINE = "D"
    LAW = "L"
    FINANCE = "F"
    HUMANITIES = "H"
    FIELD = "f"
    CONSTRAINT = "k"
    EXCEPTION = "x"
    SEQUENCE = "q"
    EASE = "e"
    JUDGMENT = "j"
    POLARITY = "p"
    ANSWER = "a"
    SINGLE = "s"
    QUESTION = "w"
    REASONS = "r"
    YES_OR_NO = "y"
    GREETING = "g"
    NUMBER = "n"
    AGENT = "t"
    LENGTH = "l"


S = Subject

FIELDS: Mapping[str, Subject] = {  # in which it takes an expert
    "mathematics": S.MATHEMATICS,
    "science": S.SCIENCE,
    "medicine": S.MEDICINE,
    "law": S.LAW,
    "finance": S.FINANCE,
    "humanities": S.HUMANITIES,
}


def terms_of(subjects: str) -> list[tuple[int, str]]:
    """How many words each field has, the most first. Fields are the capital letters: most texts have none."""
    if subjects.islower():
        return _NO_TERMS
    return sorted(zip(map(subjects.count, FIELDS.values()), FIELDS, strict=True), reverse=True)


_NO_TERMS = [(0, field) for field in sorted(FIELDS, reverse=True)]

SUBJECTS: Mapping[Subject, str] = {
    S.CODE: """
        python kotlin swift php ruby perl scala haskell matlab vba javascript typescript java rust golang
        sql regex bash html css react django flask fastapi docker dockerfile kubernetes kubectl git pytorch
        tensorflow numpy pandas regular expression traceback nullpointerexception typeerror valueerror
        goroutines goroutine mutex flexbox api codebase repo c++ c# node npm linux cron async unittest
        pytest powershell terraform graphql postgresql stacktrace recursion memoization compile compiler
        endpoint endpoints postgres mysql sqlite mongodb redis kafka nginx apache yarn pnpm webpack vite
        eslint prettier axios curl useeffect usestate usememo jsx tsx vue svelte angular nextjs rails
        laravel spring hibernate junit mockito maven gradle cargo tokio dataframe matplotlib sklearn scikit
        jupyter conda pip venv virtualenv poetry helm ingress yaml toml chmod chown grep sed awk ssh systemd
        crontab makefile cmake gcc clang segfault pointers struct enum const nullptr localhost cors oauth
        jwt websocket websockets middleware webhook serverless lambda ec2 s3 iam stdin stdout argv regexes
        regexp undefined stackoverflow github gitlab rebase monorepo refactoring linter mypy hooks
        usecallback prisma orm crud frontend backend fullstack microservice elixir clojure dart flutter lua
        julia fortran cobol assembly wasm solidity verilog vhdl opencv keras huggingface langchain csv2json
        openapi protobuf grpc redux tailwindcss scss vm toy traversal barriers transactional forEach
        async/await semaphore selenium playwright cypress jest vitest snippet codegen indexerror keyerror
        attributeerror syntaxerror referenceerror importerror segmentation nullpointer npmrc tsconfig
        vlookup xlookup sumif countif arrayformula div pointer exception
    """,
    S.CODE_OBJECT: """
        function functions class method script query program code module library app parser algorithm
        variable handler schema bug webpage website page component funktion fonction función função funzione
        functie requête consulta skript programm programme
    """,
    S.HARD_CODE: """
        distributed concurrency concurrent lock deadlock deadlocks race linearizable consistency partitions
        throughput latency scalable architecture architect security vulnerabilities cryptographic compiler
        kernel memory ordering optimise optimize redesign migration microservices rollback downtime
        consensus sharding scheduler allocator garbage idempotent idempotency transactional isolation
        serializable replication quorum raft paxos crdt sharded multithreaded lockfree atomics backpressure
        profiling vectorized simd cache coherence invalidation exactly zero-copy exploit cve injection
        sandbox fuzzing correctness invariants formally crash recovery wal latch coupling btree tree rows
        explain indexes
    """,
    S.MATHEMATICS: """
        theorem lemma prime primes integer integers polynomial derivative matrix eigenvalue eigenvalues
        vector equation equations inequality triangle circle radius probability variable variance converges
        converge diverges bounded continuous differentiable function abelian cyclic ideal isomorphic
        homomorphism vertices permutation permutations combinatorics divisible modulo numbers irrational
        rational logarithm sin cos tan angles infinite finite induction récurrence suite convergente bornée
        primzahlen differentialgleichung wurzel número raíz irracional ângulos triângulo numeri primi
        getallen perpendicular tetrahedron midpoint quotient remainder algebra calculus geometry geometric
        trigonometry polynomials roots coefficients coefficient matrices determinant determinants
        eigenvector subgroup subset subsets union intersection bijection injective surjective countable
        uncountable metric topology topological manifold convergence supremum infimum lebesgue fourier
        laplace differential derivatives integrals asymptotic logic logical logically premise premises
        proposition predicate entails entail satisfiable implies implication contradiction tautology
        syllogism counterexample denominator numerator fraction fractions binomial poisson gaussian
        deviation correlation hypothesis distribution bayes bayesian markov stochastic congruent mod gcd lcm
        factorial arithmetic harmonic logarithms exponent exponential hyperbola parabola ellipse diagonal
        hexagon polygon quadrilateral parallelogram circumference coordinate slope parallel vertex digits
        digit divisor divisors dividend multiples odds dice prisoners cardinality subspace dimensional
        orthogonal kernel nonnegative nonzero monotone compact gleichung funktion ableitung beweis
        wahrscheinlichkeit fonction dérivée ecuación función derivada equação função integrale integral
        series sequence graph angle random ring root
    """,
    S.SCIENCE: """
        quantum particle wave photon electron proton neutron eigenstate hamiltonian velocity momentum torque
        tension magnetic electric orbital entropy enthalpy thermodynamic equilibrium reaction reactions
        compound compounds molecule molecular acid catalyst oxidation hydrogenation benzene stereochemistry
        chiral optical enzyme protein gene genes genome dna rna mutation allele chromosome membrane receptor
        galaxy luminosity redshift spectrum wavelength frequency lifetime nucleus isotope pivot rod
        frictionless relativistic plasma lattice semiconductor ev nmr atom atoms electrons protons neutrons
        ion ions ionic ionization ionisation hydrogen helium oxygen nitrogen carbon dioxide sulfur chlorine
        sodium potassium kinetic thermal gravitational gravity accelerate acceleration collision collide
        friction voltage circuit capacitor resistor resistance inductor conductor dielectric oscillator
        resonance amplitude interference diffraction refraction radiation radioactive fission fusion gamma
        infrared ultraviolet planet planets orbit orbiting asteroid comet nebula lunar atmosphere evolution
        evolutionary selection offspring recessive dominant genotype phenotype heterozygous homozygous
        autosomal meiosis mitosis chromosomes nucleotide codon transcription ribosomes mitochondria
        mitochondrial chloroplast photosynthesis respiration glycolysis atp amino acids proteins enzymes
        bacterial bacteria fungi organism organisms habitat ecosystem molar molarity titration titrated
        buffer ph pka exothermic endothermic covalent electronegativity dipole spectroscopy spectra solute
        solvent solubility concentration precipitate isomer isomers polymer ammonia methane alkene alkane
        ketone aldehyde ester nucleophilic electrophilic histone histones lysine arginine acetylation
        phosphorylation ligand kinase mrna vaccines vaccine immunity humoral cellular antibody antibodies
        antigen immune hyperfine boson fermion neutrino quark eigenvalue wavefunction schrödinger maxwell
        newton joule joules pascal tesla hertz kelvin adiabatic isothermal carnot viscosity turbulence
        laminar reynolds masse vitesse accélération énergie geschwindigkeit beschleunigung energie velocidad
        aceleración energía velocità accelerazione cell cells spin mass energy star species virus
    """,
    S.MEDICINE: """
        patient diagnosis symptoms examination ecg blood serum hypotension hypertension tachycardia fever
        abdominal nausea vomiting acute chronic mg mmol dose mechanism inr warfarin therapy infection biopsy
        lesion renal hepatic cardiac pulmonary fibrillation lactate anaemia anemia clinical prognosis
        surgery antibiotic insulin leukocyte hemoglobin mri elevation presented complaint complains
        diagnosed diabetes diabetic mellitus asthma copd pneumonia sepsis stroke seizure seizures syncope
        dyspnea dyspnoea shortness breath cough wheezing headache dizziness fatigue malaise swelling edema
        oedema rash erythema conjunctivitis jaundice pallor tenderness palpation auscultation murmur
        respirations saturation bmi lung lungs liver kidney bowel gastric pelvic thyroid adrenal pituitary
        pancreas pancreatic coronary aortic mitral ventricular atrial myocardial infarction ischemia
        ischemic thrombosis embolism hemorrhage haemorrhage platelet platelets creatinine glucose
        cholesterol ultrasound ultrasonography radiograph tumor tumour carcinoma lymphoma metastasis
        chemotherapy steroid prednisone ibuprofen aspirin metformin heparin antibiotics antiviral
        contraindicated contraindication adverse medication medications drugs pharmacology prescribed mg/kg
        pregnant pregnancy gestation proteinuria eclampsia neonate infant pediatric paediatric geriatric
        dementia hypothyroidism complication complications nurse physician patientin patienten befund
        symptome síntomas paciente symptômes patiente cardiovascular neurologic respiratory presents pain
        chest treatment drug year old history
    """,
    S.LAW: """
        clause contract liability liable indemnify indemnity enforceability enforceable statute court
        plaintiff defendant breach negligence tort damages jurisdiction lease landlord tenant covenant
        warranty warranties waiver waives constitutional constitution amendment felony murder conviction
        conveyed remainder perpetuities law fiduciary employer compete termination sublet acceleration gdpr
        supplier seller buyer consequential testator deed easement hearsay appeal appellate plaintiffs
        defendants sued sue suing lawsuit suit claim claimant judge jury verdict attorney counsel solicitor
        testimony testify witness admissible inadmissible objection overruled prosecution prosecutor
        convicted guilty crime criminal arrest arrested theft larceny robbery burglary assault battery
        manslaughter homicide negligent negligently reckless intent mens rea causation foreseeable injury
        injured injuries trespass nuisance defamation privilege immunity injunction remedy remedies
        rescission specific performance consideration acceptance promised agreement agreements assign
        assigned assignment assignee grantor grantee conveyance heirs estate intestate probate trustee
        beneficiary mortgage lien possession zoning ordinance statutory unconstitutional fourteenth
        protection due process jurisdictional federal treaty ratified sovereign partnership withdrawal
        goodwill shareholder merger acquirer novation arbitration governing indemnification liquidated
        confidentiality confidential survive survives terminate terminated provision provisions
        unenforceable void voidable doctrine precedent consent withheld sublessee subtenant vertrag
        kündigung haftung klausel gericht contrat responsabilité contrato cláusula tribunal contratto
        clausola party parties legal evidence
    """,
    S.FINANCE: """
        ebitda revenue margin wacc dcf valuation debt equity leverage covenant cash flow runway portfolio
        hedge yield bond bonds tax inflation gdp monetary fiscal elasticity marginal churn capex
        depreciation audit auditor risk sensitivity terminal growth profitability invest investment
        vermögenssteuer aggregate demand curve recession unemployment employment economy economic economies
        currency currencies tariff tariffs deficit surplus spending taxes taxation wage wages labor labour
        capital asset assets liabilities shareholder shareholders dividend dividends earnings profit profits
        expense expenses accrual receivable inventory treasury loan loans banks reserves securities stocks
        strike expiry spread volatility sharpe beta derivative derivatives futures swap swaps duration
        coupon maturity npv irr payback roi breakeven monopoly oligopoly competitive elastic inelastic
        consumer consumers producer producers externality subsidy subsidies quota regression estimator
        heteroscedasticity stationary autocorrelation forecast multiplier keynesian nominal pension actuary
        actuarial underwriting solvency liquidity ipo acquisition budgets pricing invests investor investors
        anleger anleihe rendite zinsen schuldenbremse aktien inversión liquidez rentabilidad impuestos
        investissement intérêt interest credit reserve income
    """,
    S.HUMANITIES: """
        ethical ethics moral utilitarianism utilitarian kant philosophy philosophers argument arguments
        treaty revolution empire historical historians epistemic justification consequentialism
        deontological psychologist behaviour cognitive sociological political ideology democracy doctrine
        religious philosophical metaphysics metaphysical epistemology ontology determinism determinist
        compatibilism compatibilist consciousness virtue virtues duty justice liberty equality egalitarian
        euthanasia abortion autonomy dignity plato aristotle socrates hume descartes nietzsche rawls hobbes
        locke marx marxist foucault aquinas stoic existentialism phenomenology dialectic fallacy fallacies
        syllogism colonial colonialism imperialism feudal monarchy republic enlightenment reformation
        renaissance industrialization nationalism socialism communism capitalism fascism liberalism
        conservative sovereignty hegemony warfare alliances diplomacy genocide slavery abolition suffrage
        civilization civilizations dynasty psychology psychological psychologists behavioral reinforcement
        conditioning attachment piaget freud therapist dissonance socialization inequality stratification
        theology theological scripture buddhism islam christianity hinduism judaism versailles war rights
    """,
    S.FIELD: """
        hashtag hashtags password username employer employers surname middle flight departure arrival
        airport companies company city cities salary position location locations conditions ingredient
        ingredients product products persons people speaker author title sku color colour size weight
        duration percentage percentages statistics figures references tickers symbols medications quantities
        prices phones emails websites dosage allergies diagnoses countries country organisations
        organizations ciudades villes città städte nomi noms nombres datum daten fecha data numéros numeri
        name names date dates amount amounts total address addresses email phone currency price quantity
        postcode vendor merchant sender iban url urls number invoice entities skills deadline fields keys
        nombre importes fechas adresse betrag kundennummer nom prénom indirizzo numero bedrag factuurnummer
    """,
    S.CONSTRAINT: """
        must should not avoid ensure least most exactly more fewer only without never always include mention
        required limit limited constraint constraints given assume assumptions unless except under within
    """,
    S.EXCEPTION: """
        not except never least false incorrect neither nor none unless without cannot nicht außer sauf
        excepto
    """,
    S.SEQUENCE: """
        then next finally afterwards after first second third once until lastly step steps dann anschließend
        danach puis ensuite luego después depois poi daarna
    """,
    S.EASE: """
        briefly brief simple simply quick quickly basic easy short trivial beginner liner kurz kurze breve
    """,
    S.JUDGMENT: """
        why should could would might most best plausible explanations explanation mechanism test exceptions
        discuss compatible considering implications outcome warum sollte würde pourquoi porque devrait
        likely appropriate apply applies valid enforce whether risk risks defences assumptions conclusion
        explain because therefore evidence convincing conflict contradict contradictions disagree recur
        infer cause causes
    """,
    S.POLARITY: """
        positive negative neutral positiv negativ positif négatif neutre positivo negativo neutro positiva
        negativa
    """,
    S.ANSWER: """
        answer respond reply output antworte antworten réponds répondez responde responda rispondi antwoord
    """,
    S.SINGLE: """
        only just single exactly word letter label number integer digit nothing explanation nur wort
        seulement mot solo palabra soltanto parola alleen woord
    """,
    S.QUESTION: """
        what who whom whose when where which how why wer wann wo was welche welcher welches wie warum wieso
        quel quelle quels quelles qui quand où comment pourquoi combien qué quién cuándo dónde cuál cuánto
        cómo qual quem quando onde como quanto chi cosa dove quale perché wat waar wanneer welk welke
        hoeveel whats whos hows wheres
    """,
    S.REASONS: """
        why warum wieso weshalb pourquoi perché waarom porquê
    """,
    S.YES_OR_NO: """
        is are was were does did do can could will would has have had should ist sind hat kann darf est sont
        es son está é são heeft zijn
    """,
    S.GREETING: """
        hi hello hey thanks thank ok okay morning evening bye hallo bonjour hola ciao olá danke merci
        gracias
    """,
    S.NUMBER: """
        two three four five six seven eight nine ten dozen half twice double triple thrice third quarter
        hundred thousand percent total altogether left remaining each
    """,
    S.AGENT: """
        agent agents tool tools
    """,
    S.LENGTH: """
        word words wörter mots palabras palavras parole woorden sentence sentences sätze phrases frases
        frasi zinnen lines bullets bullet points items paragraph paragraphs
    """,
}

# Verbs that do something outside the conversation; two or more make a task with several steps.
ACTIONS = """
    search, browse, book, commit, clone, deploy, notify, send, email, download, upload, click, post, log in,
    go to, look up, open a, open an, create a ticket, run the, read each, read each of, update our, check
    whether, save them, reproduce, upgrade, find out, book it, collect their, pull last, chart them, find a
    free, find the cheapest, fix it, track it, track down, repair, rerun, restart, assign them, assign it,
    text each, text them, call the, confirm, sign in, fill out, schedule, cancel, install, migrate, push,
    merge, move the, delete the, rename, create an issue, file a, reply to each, invite, order, pay,
    transfer, submit, close the, reopen, fetch, query, crawl, monitor, set up, fix what, let every, let them
    know, move my, run tests, run all, apply the, add the, remove the, create the, refund, escalate, look
    at, show a chart, plot
"""
